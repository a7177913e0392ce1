"""Complex samples of a window's frames."""

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
    """Reads the samples of every view.

    Required keys: ``recordings``, ``frame_indices``. Added: ``cube``, complex64, (frames, views, antennas, loops,
    samples), of raw files in ADC counts.
    """

    per_frame = True

    def transform(self, results: dict) -> dict:
        views = [recording.cube(results['frame_indices']) for recording in results['recordings'].values()]
        results['cube'] = np.stack(views, axis=1)
        return results


@TRANSFORMS.register_module()
class CalibrateCube(BaseTransform):
    """Takes the boards' gains, phases and range biases out of ``cube``.

    Args:
        calibrations: Calibration file by view, as ``tools/calibrate.py`` writes it.
    """

    per_frame = True

    def __init__(self, calibrations: Mapping[str, str | Path]) -> None:
        self.calibrations = BoardCalibrations(calibrations)

    def fingerprint(self) -> dict[str, str]:
        """What the result depends on beside the arguments: the files' content."""
        return self.calibrations.content

    def transform(self, results: dict) -> dict:
        views = [
            radar.apply_calibration(results['cube'][:, v], self.calibrations[view], recording.config)
            for v, (view, recording) in enumerate(results['recordings'].items())
        ]
        results['cube'] = np.stack(views, axis=1)
        return results
