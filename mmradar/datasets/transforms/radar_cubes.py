"""Transforms that load and calibrate the complex samples of a window's frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.datasets.transforms.board_calibrations import BoardCalibrations
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadRadarCube(BaseTransform):
    """Loader of the complex samples of all views.

    Required keys: ``recordings``, ``frame_indices``. Added: ``cube``, complex64, (frames, views, antennas, loops,
    samples), in ADC counts if the recordings are raw files.
    """

    per_frame = True

    def transform(self, results: dict) -> dict:
        views = [recording.cube(results['frame_indices']) for recording in results['recordings'].values()]
        results['cube'] = np.stack(views, axis=1)
        return results


@TRANSFORMS.register_module()
class CalibrateCube(BaseTransform):
    """Removal of the boards' gains, phases and range biases from ``cube``.

    Args:
        calibrations: Calibration file of each view, as written by ``tools/calibrate.py``.
    """

    per_frame = True

    def __init__(self, calibrations: Mapping[str, str | Path]) -> None:
        self.calibrations = BoardCalibrations(calibrations)

    def fingerprint(self) -> dict[str, str]:
        """Return what the result depends on in addition to the arguments: the content of the calibration files."""
        return self.calibrations.content

    def transform(self, results: dict) -> dict:
        views = [
            radar.apply_calibration(results['cube'][:, v], self.calibrations[view], recording.config)
            for v, (view, recording) in enumerate(results['recordings'].items())
        ]
        results['cube'] = np.stack(views, axis=1)
        return results
