"""Calibrations of the boards of all views, read once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmradar.errors import ConfigError
from mmradar.radar import Calibration


class BoardCalibrations:
    """Calibrations of the boards by view.

    Args:
        files: Calibration file of each view, as written by ``tools/calibrate.py``; ``None`` for no calibration.
    """

    def __init__(self, files: Mapping[str, str | Path] | None) -> None:
        self.content = {view: Path(path).read_text() for view, path in (files or {}).items()}
        self.by_view = {view: Calibration.load(path) for view, path in (files or {}).items()}

    def __getitem__(self, view: str) -> Calibration:
        """Return the calibration of a view.

        Raises:
            ConfigError: There is none for this view.
        """
        if view not in self.by_view:
            raise ConfigError(f'no calibration of the view {view!r}; there are {", ".join(self.by_view) or "none"}')
        return self.by_view[view]

    def get(self, view: str) -> Calibration | None:
        """Return the calibration of a view, or ``None`` if no view is calibrated.

        Raises:
            ConfigError: Other views are calibrated, but not this one.
        """
        return self[view] if self.by_view else None
