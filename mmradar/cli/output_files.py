"""Files that a script writes: looked at before any work."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mmradar.errors import ConfigError


def check_output_file(path: str | Path) -> None:
    """Make the folder that a file is to be written to, and fail in words, before any work, where that cannot be.

    Raises:
        ConfigError: The folder cannot be made or written to, or the file is a folder.
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
    """The same as :func:`check_output_file` for a picture, whose format its name must say.

    Raises:
        ConfigError: As there, or no format that pictures are written in.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    formats = sorted(FigureCanvasBase.get_supported_filetypes())
    if Path(path).suffix[1:].lower() not in formats:
        raise ConfigError(f'{path} cannot be written: the name of a picture ends in one of .{", .".join(formats)}')
    check_output_file(path)


def write_metrics(path: str | Path, metrics: dict[str, float]) -> None:
    """Metrics as a JSON file, its folder made where it is missing."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(metrics, indent=1))
