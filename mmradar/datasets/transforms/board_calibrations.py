"""The calibration of each view's board, read once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmradar.errors import ConfigError
from mmradar.radar import Calibration


class BoardCalibrations:
    """Calibrations by view.

    Args:
        files: Calibration file (``tools/calibrate.py`` writes it) by view; none if ``None``.
    """

    def __init__(self, files: Mapping[str, str | Path] | None) -> None:
        self.content = {view: Path(path).read_text() for view, path in (files or {}).items()}
        self.by_view = {view: Calibration.load(path) for view, path in (files or {}).items()}

    def __getitem__(self, view: str) -> Calibration | None:
        """A view's calibration; ``None`` if there are none at all.

        Raises:
            ConfigError: There are some, and none of this view.
        """
        if self.by_view and view not in self.by_view:
            raise ConfigError(f'no calibration of the view {view!r}; there are {", ".join(self.by_view)}')
        return self.by_view.get(view)
