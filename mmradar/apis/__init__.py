"""What stands between the package and its users: so far what the command-line tools share."""
