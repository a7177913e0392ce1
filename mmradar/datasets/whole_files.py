"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write, beside its place and renamed when whole: a killed process leaves nothing that is taken for it.

    Several processes may write the same; the last one's stays.

    Raises:
        OSError: It cannot be written.
    """
    unfinished = path.with_name(f'.{path.stem}.{os.getpid()}.unfinished')
    try:
        with open(unfinished, 'wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
