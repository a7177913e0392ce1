"""The output of one step of a script, in a file of its own."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

from mmengine.logging import MMLogger


@contextmanager
def output_to(path: str | Path) -> Iterator[None]:
    """Lead what is printed and logged to a file meanwhile; an error that ends it is written there too, and raised."""
    console = sys.stdout
    with open(path, 'w', buffering=1) as file, redirect_stdout(file), redirect_stderr(file):
        _lead_log(console, file)
        try:
            yield
        except BaseException:
            traceback.print_exc(file=file)
            raise
        finally:
            _lead_log(file, console)


def _lead_log(old: TextIO, new: TextIO) -> None:
    """The current log holds the stream that was the standard output when it was made."""
    for handler in MMLogger.get_current_instance().handlers:
        if getattr(handler, 'stream', None) is old:
            handler.setStream(new)
