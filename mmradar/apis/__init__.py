"""For users of the library: inference, and what the command-line tools share."""
