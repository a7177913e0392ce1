"""Transform from samples to range and Doppler, the spectrum that all heatmaps are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.datasets.transforms.board_calibrations import BoardCalibrations
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RangeDopplerMap(BaseTransform):
    """Clutter removal, chirp subsampling, range and Doppler transform of every antenna, in one fast step.

    This is milliMamba's pre-processing without the angle transform. Required keys: ``recordings`` and
    ``frame_indices``. If an earlier transform made a ``cube``, it is removed and used instead of the recordings'
    samples. Added: ``spectrum``, complex64, (frames, views, antennas, Doppler, range).

    Args:
        num_chirps: Number of loops to keep; all if ``None``. The paper's 8 of 64 fold speeds beyond 0.53 m/s
            (:meth:`~mmradar.radar.RadarConfig.folding_speed_m_s`): a target at 1.05 m/s looks like one at rest. All
            loops with ``num_doppler=8`` give the same 8 bins without faster targets folded into them; more loops with
            more bins cover more speeds.
        num_doppler: Number of Doppler bins, centred on rest. If there are more loops, the middle bins are kept.
        range_bins: First and one past the last range bin to keep; all if ``None``.
        static_clutter: Keep static clutter.
        tdm_compensation: Remove the phase that a moving target gains between transmitters, which fire in turn; not in
            the paper.
        calibrations: Calibration file of each view, as written by ``tools/calibrate.py``; none in the paper.
        range_window, doppler_window, doppler_shift: See :func:`mmradar.radar.range_doppler`.
    """

    per_frame = True

    def __init__(
        self,
        num_chirps: int | None = 8,
        num_doppler: int = 8,
        range_bins: Sequence[int] | None = None,
        static_clutter: bool = False,
        tdm_compensation: bool = False,
        calibrations: Mapping[str, str | Path] | None = None,
        range_window: str | None = None,
        doppler_window: str | None = None,
        doppler_shift: bool = True,
    ) -> None:
        self.num_chirps = num_chirps
        self.range_bins = None if range_bins is None else (range_bins[0], range_bins[1])
        self.tdm_compensation, self.calibrations = tdm_compensation, BoardCalibrations(calibrations)
        self.options: dict[str, Any] = dict(
            num_chirps=num_chirps,
            num_doppler=num_doppler,
            range_bins=self.range_bins,
            static_clutter=static_clutter,
            range_window=range_window,
            doppler_window=doppler_window,
            doppler_shift=doppler_shift,
        )

    def fingerprint(self) -> dict[str, str]:
        """Return what the result depends on in addition to the arguments: the content of the calibration files."""
        return self.calibrations.content

    def transform(self, results: dict) -> dict:
        cube, frames = results.pop('cube', None), results['frame_indices']
        views = []
        for index, (view, recording) in enumerate(results['recordings'].items()):
            options, calibration = self._options(recording.config), self.calibrations.get(view)
            if calibration:
                options['range_offset_bins'] = calibration.range_bias_m / recording.config.range_resolution_m
            if cube is None:
                spectrum = recording.range_doppler(frames, **options)
            else:
                spectrum = radar.range_doppler_from_cube(cube[:, index], **options)
            if calibration:
                spectrum *= calibration.antenna_weights.astype(np.complex64)[:, None, None]
            views.append(spectrum)
        results['spectrum'] = np.stack(views, axis=1)
        return results

    def _options(self, config: radar.RadarConfig) -> dict[str, Any]:
        """Return the arguments of the transforms of a radar's frames."""
        options = dict(self.options)
        if self.tdm_compensation:
            options['antenna_delays'] = config.antenna_delays(self.num_chirps)
        return options
