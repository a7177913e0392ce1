"""What the scripts in ``tools/`` share."""
