"""Entry point of the scripts, which ends with a message on errors that the user can fix."""

from __future__ import annotations

import sys
from collections.abc import Callable

from mmradar.cli.process_group import end_process_group
from mmradar.errors import CheckpointError, ConfigError, DataError, InstallationError, TrainingError
from mmradar.memory import keep_freed_memory

# A path that does not exist, or is not of the expected kind.
_PATH_ERRORS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)


def run(main: Callable[[], None]) -> None:
    """Run a script; an error that the user can fix ends it with only its message and exit status 2."""
    keep_freed_memory()
    try:
        main()
        end_process_group()
    except (DataError, ConfigError, CheckpointError, TrainingError, InstallationError, *_PATH_ERRORS) as error:
        print(f'\nError: {_message(error)}', file=sys.stderr)
        raise SystemExit(2) from None
    except TypeError as error:
        if 'unexpected keyword argument' not in str(error):
            raise
        print(f'\nError: the configuration has an unknown key: {error}', file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print('\nInterrupted.', file=sys.stderr)
        raise SystemExit(130) from None


def _message(error: Exception) -> str:
    """Return an error's message; torch puts the traceback of a loading process before it."""
    text = str(error)
    if text.startswith(f'Caught {type(error).__name__} in DataLoader worker process'):
        text = text.rsplit(f'{type(error).__name__}: ', 1)[-1]
    return text.strip()
