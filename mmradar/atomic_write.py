"""Atomic writes: a file or folder appears complete or not at all."""

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
    """Open a temporary file next to ``path`` and rename it to ``path`` when it is complete.

    A killed process leaves nothing at ``path``. Several processes or threads may write the same path; the last one
    wins.

    Raises:
        OSError: If the file cannot be written.
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
    """Make a temporary folder next to ``path`` and rename it to ``path`` when it is complete; remove it on failure.

    Raises:
        OSError: If the folder cannot be made, or ``path`` is a folder that contains files.
    """
    unfinished = _unfinished(path)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        os.rename(unfinished, path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _unfinished(path: Path) -> Path:
    # no process number: threads share it, and it may be the same on computers or containers that share a folder
    return path.with_name(f'.{path.stem}.{uuid.uuid4().hex[:12]}.unfinished')
