"""From samples to range and Doppler: the form of a frame that all heatmaps begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.datasets.transforms.board_calibrations import BoardCalibrations
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RangeDopplerMap(BaseTransform):
    """Clutter removal, chirp subsampling, range and Doppler transform of every antenna, in one fast step.

    milliMamba, pre-processing, all but the angle transform. Required keys: ``recordings`` and ``frame_indices``; or
    ``cube``, where an earlier transform has made one, which is taken away. Added: ``spectrum``, complex64, (frames,
    views, antennas, Doppler, range).

    Args:
        num_chirps: Loops to keep; all if ``None``. The paper's 8 of 64 fold speeds beyond 0.53 m/s
            (:meth:`~mmradar.radar.RadarConfig.folding_speed_m_s`): a target at 1.05 m/s looks like one at rest. All
            loops with ``num_doppler=8`` keep the same 8 bins without what is faster; more of both keep more speeds.
        num_doppler: Doppler bins around rest; of more loops' bins the middle ones.
        range_bins: First and one past the last range bin to keep; all if ``None``.
        static_clutter: Leave in what stands still.
        tdm_compensation: Take out what a moving target turns between transmitters; not in the paper.
        calibrations: Calibration file by view, as ``tools/calibrate.py`` writes it; none in the paper.
        range_window, doppler_window, doppler_shift: As of :func:`mmradar.radar.range_doppler`.
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
        self.num_chirps, self.num_doppler = num_chirps, num_doppler
        self.range_bins = None if range_bins is None else tuple(range_bins)
        self.tdm_compensation, self.calibrations = tdm_compensation, BoardCalibrations(calibrations)
        self.options = dict(
            static_clutter=static_clutter,
            range_window=range_window,
            doppler_window=doppler_window,
            doppler_shift=doppler_shift,
        )

    def fingerprint(self) -> dict[str, str]:
        """What the result depends on beside the arguments: the calibration files' content."""
        return self.calibrations.content

    def transform(self, results: dict) -> dict:
        cube, frames = results.pop('cube', None), results['frame_indices']
        views = []
        for index, (view, recording) in enumerate(results['recordings'].items()):
            if cube is not None:
                make, samples = radar.range_doppler_from_cube, cube[:, index]
            elif isinstance(recording, radar.RawRecording):
                make, samples = radar.range_doppler_from_raw, recording.raw(frames)
            elif isinstance(recording, radar.RangeProfileRecording):
                make = partial(radar.range_doppler_from_profiles, held_bins=recording.range_bins)
                samples = recording.profiles(frames)
            else:
                make, samples = radar.range_doppler_from_cube, recording.cube(frames)
            views.append(self._spectrum(make, samples, view, recording.config))
        results['spectrum'] = np.stack(views, axis=1)
        return results

    def _spectrum(self, make, samples: np.ndarray, view: str, config: radar.RadarConfig) -> np.ndarray:
        options, calibration = dict(self.options), self.calibrations[view]
        if self.tdm_compensation:
            options['antenna_delays'] = config.antenna_delays(self.num_chirps)
        if calibration:
            options['range_offset_bins'] = calibration.range_bias_m / config.range_resolution_m
        options |= dict(num_chirps=self.num_chirps, num_doppler=self.num_doppler, range_bins=self.range_bins)
        spectrum = make(samples, **options)
        if calibration:
            spectrum *= calibration.antenna_weights.astype(np.complex64)[:, None, None]
        return spectrum
