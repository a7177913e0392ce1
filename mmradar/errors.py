"""Errors that are the user's to mend. The tools print their message alone, without a traceback."""


class DataError(ValueError):
    """A data set is missing, incomplete or contradicts its configuration. The message names file and remedy."""


class ConfigError(ValueError):
    """A configuration names something that does not exist, or asks for something impossible."""


class CheckpointError(ValueError):
    """A checkpoint cannot be read, belongs to another model, or holds weights that are no numbers."""


class TrainingError(RuntimeError):
    """A training came to numbers that are none. The message says when, and from which checkpoint to go on."""
