"""Running a script: an error that the user can mend ends it with its message."""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch

from mmradar.errors import CheckpointError, ConfigError, DataError, TrainingError
from mmradar.memory import keep_freed_memory

# A path that is not there, or not what it should be.
_PATH_ERRORS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)


def run(main: Callable[[], None]) -> None:
    """Run a script; an error that the user can mend ends it with its message alone and exit status 2."""
    keep_freed_memory()
    try:
        main()
        if torch.distributed.is_initialized():
            # together: a process that leaves early closes the connections that the others still use
            torch.distributed.barrier()
            torch.distributed.destroy_process_group()
    except (DataError, ConfigError, CheckpointError, TrainingError, *_PATH_ERRORS) as error:
        print(f'\nError: {error}', file=sys.stderr)
        raise SystemExit(2) from None
    except TypeError as error:
        if 'unexpected keyword argument' not in str(error):
            raise
        print(f'\nError: the configuration has a key that nobody takes: {error}', file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print('\nInterrupted.', file=sys.stderr)
        raise SystemExit(130) from None
