"""Errors that are the user's to mend. The tools print their message alone, without a traceback."""


class DataError(ValueError):
    """A data set is missing, incomplete or contradicts its configuration. The message names file and remedy."""


class ConfigError(ValueError):
    """A configuration names something that does not exist, or asks for something impossible."""


class CheckpointError(ValueError):
    """A checkpoint cannot be read, or belongs to another model."""
