"""Version of the package, read at build time without importing the package."""

__version__ = '0.2.0'
