"""Redirection of the output of one step of a script to its own file."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

from mmengine.logging import MMLogger


@contextmanager
def output_to(path: str | Path) -> Iterator[None]:
    """Redirect printed and logged output to a file; an error that ends the block is written there too, and raised."""
    console = sys.stdout
    with open(path, 'w', buffering=1) as file, redirect_stdout(file), redirect_stderr(file):
        _redirect_log(console, file)
        try:
            yield
        except BaseException:
            traceback.print_exc(file=file)
            raise
        finally:
            _redirect_log(file, console)


def _redirect_log(old: TextIO, new: TextIO) -> None:
    # the current logger keeps the stream that was the standard output when the logger was made
    for handler in MMLogger.get_current_instance().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is old:
            handler.setStream(new)
