"""Atomic writes: a file or folder is there whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """A file to write, beside its place and renamed when whole: a killed process leaves nothing that is taken for it.

    Several processes or threads may write the same; the last one's stays.

    Raises:
        OSError: It cannot be written.
    """
    unfinished = _unfinished(path)
    try:
        with open(unfinished, 'wb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, beside its place and renamed when whole; what was in it goes if that fails.

    Raises:
        OSError: It cannot be made, or a folder with files is at its place.
    """
    unfinished = _unfinished(path)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        os.rename(unfinished, path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _unfinished(path: Path) -> Path:
    # no process number: threads share it, and computers or containers that share a folder may have the same
    return path.with_name(f'.{path.stem}.{uuid.uuid4().hex[:12]}.unfinished')
