"""Running: loops, hooks, optimizer wrappers, checkpoints."""
