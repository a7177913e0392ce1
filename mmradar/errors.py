"""Errors that the user can fix. The tools print their message only, without a traceback."""


class DataError(ValueError):
    """Error of a data set that is missing, incomplete or contradicts its configuration; names file and remedy."""


class ConfigError(ValueError):
    """Error of a configuration that names something that does not exist, or asks for something impossible."""


class CheckpointError(ValueError):
    """Error of a checkpoint that cannot be read, belongs to another model, or has NaN or infinite weights."""


class TrainingError(RuntimeError):
    """Error of a training that reached NaN or infinity; names the step and the checkpoint to resume from."""


class InstallationError(ImportError):
    """Error of a package that is missing or has another version than mmradar works with; says how to install it."""
