"""Output files of a script, and checks of them before any work."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mmradar.errors import ConfigError


def check_output_file(path: str | Path) -> None:
    """Make the folder of an output file; raise if the file could not be written, before any work is done.

    Raises:
        ConfigError: If the folder cannot be made or written to, or the path is a folder.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'{path} cannot be written, because its folder cannot be made: {error}') from error
    if path.is_dir():
        raise ConfigError(f'{path} cannot be written, because it is a folder; name a file in it')
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError(f'{path} cannot be written: permission denied')


def check_picture_file(path: str | Path) -> None:
    """Do the same as :func:`check_output_file` for a picture, whose file name extension gives its format.

    Raises:
        ConfigError: See :func:`check_output_file`; or if the extension is of no picture format.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    formats = sorted(FigureCanvasBase.get_supported_filetypes())
    if Path(path).suffix[1:].lower() not in formats:
        raise ConfigError(f'{path} cannot be written: the name of a picture ends in one of .{", .".join(formats)}')
    check_output_file(path)


def write_metrics(path: str | Path, metrics: dict[str, float]) -> None:
    """Write metrics to a JSON file; make its folder if it is missing."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(metrics, indent=1))
