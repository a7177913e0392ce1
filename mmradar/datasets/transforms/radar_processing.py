"""The steps of ``mmradar.radar`` on a window's raw frames, as pipeline transforms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.errors import ConfigError
from mmradar.registry import TRANSFORMS


def open_recordings(results: dict) -> dict[str, radar.Recording]:
    """The recording of each view of a window, not yet read: from disk, or from memory where ``recordings`` has it."""
    if 'recordings' in results:
        return {view: results['recordings'][view] for view in results['adc_paths']}
    options = results.get('recording', {})
    return {
        view: radar.open_recording(path, results['radar'], **options) for view, path in results['adc_paths'].items()
    }


@TRANSFORMS.register_module()
class LoadRadarCube(BaseTransform):
    """Reads the window's raw frames of every view.

    Required keys: ``adc_paths``, ``frame_indices``, ``radar``, and ``recording`` if files are opened with options.
    Added: ``cube``, complex64, (frames, views, antennas, loops, samples), of raw files in ADC counts.
    """

    def transform(self, results: dict) -> dict:
        views = [recording.cube(results['frame_indices']) for recording in open_recordings(results).values()]
        results['cube'] = np.stack(views, axis=1)
        return results


class BoardCalibrations:
    """The calibration of each view's board, read once.

    Args:
        files: Calibration file (``tools/calibrate.py`` writes it) by view; none if ``None``.
    """

    def __init__(self, files: Mapping[str, str | Path] | None) -> None:
        self.by_view = {view: radar.Calibration.load(path) for view, path in (files or {}).items()}

    def __getitem__(self, view: str) -> radar.Calibration | None:
        if self.by_view and view not in self.by_view:
            raise ConfigError(f'no calibration of the view {view!r}; there are {", ".join(self.by_view)}')
        return self.by_view.get(view)


@TRANSFORMS.register_module()
class CalibrateCube(BaseTransform):
    """Takes the boards' gains, phases and range biases out of ``cube``.

    Args:
        calibrations: Calibration file by view, as ``tools/calibrate.py`` writes it.
    """

    def __init__(self, calibrations: Mapping[str, str | Path]) -> None:
        self.calibrations = BoardCalibrations(calibrations)

    def transform(self, results: dict) -> dict:
        config, cube = results['radar'], results['cube']
        views = [
            radar.apply_calibration(cube[:, v], self.calibrations[view], config)
            for v, view in enumerate(results['adc_paths'])
        ]
        results['cube'] = np.stack(views, axis=1)
        return results


@TRANSFORMS.register_module()
class RemoveStaticClutter(BaseTransform):
    """Subtracts each frame's mean over its loops from ``cube``.

    Args:
        window: The ``doppler_window`` of the transform that follows, if any: it weights the mean.
    """

    def __init__(self, window: str | None = None) -> None:
        self.window = window

    def transform(self, results: dict) -> dict:
        results['cube'] = radar.remove_static_clutter(results['cube'], self.window)
        return results


@TRANSFORMS.register_module()
class SubsampleChirps(BaseTransform):
    """Keeps loops of ``cube`` at equal distances.

    Args:
        num_chirps: Loops to keep.
    """

    def __init__(self, num_chirps: int = 8) -> None:
        self.num_chirps = num_chirps

    def transform(self, results: dict) -> dict:
        results['cube'] = radar.subsample_chirps(results['cube'], self.num_chirps)
        return results
