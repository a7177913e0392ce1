"""Running: hooks, optimizer wrappers, checkpoints."""
