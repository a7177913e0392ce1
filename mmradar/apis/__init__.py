"""What stands between the package and its users."""
