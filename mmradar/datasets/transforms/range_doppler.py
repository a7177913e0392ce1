"""Transform from samples to range and Doppler, the spectrum that all heatmaps are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.datasets.transforms.board_calibrations import BoardCalibrations
from mmradar.errors import DataError
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
        self.num_chirps, self.num_doppler = num_chirps, num_doppler
        self.range_bins = None if range_bins is None else tuple(range_bins)
        self.tdm_compensation, self.calibrations = tdm_compensation, BoardCalibrations(calibrations)
        self.options: dict[str, Any] = dict(
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
            if cube is not None:
                make, samples = radar.range_doppler_from_cube, cube[:, index]
            elif isinstance(recording, radar.RawRecording):
                make, samples = radar.range_doppler_from_raw, recording.raw(frames)
            elif isinstance(recording, radar.RangeProfileRecording):
                self._check_bins(recording)
                make = partial(radar.range_doppler_from_profiles, held_bins=recording.range_bins)
                samples = recording.profiles(frames)
            else:
                make, samples = radar.range_doppler_from_cube, recording.cube(frames)
            views.append(self._spectrum(make, samples, view, recording.config))
        results['spectrum'] = np.stack(views, axis=1)
        return results

    def _check_bins(self, recording: radar.RangeProfileRecording) -> None:
        """Raise unless a recording of range profiles holds the wanted bins.

        Raises:
            DataError: It does not; the message says what to do.
        """
        held, wanted = recording.range_bins, self.range_bins
        if wanted is not None and not held[0] <= wanted[0] < wanted[1] <= held[1]:
            raise DataError(
                f'{recording.path} holds range profiles of the bins {held[0]} to {held[1] - 1}, and the configuration '
                f'takes {wanted[0]} to {wanted[1] - 1}: simulate raw frames (without --form compact), or take a '
                f'configuration with range_bins={tuple(held)}'
            )

    def _spectrum(self, make, samples: np.ndarray, view: str, config: radar.RadarConfig) -> np.ndarray:
        options, calibration = dict(self.options), self.calibrations.get(view)
        if self.tdm_compensation:
            options['antenna_delays'] = config.antenna_delays(self.num_chirps)
        if calibration:
            options['range_offset_bins'] = calibration.range_bias_m / config.range_resolution_m
        options |= dict(num_chirps=self.num_chirps, num_doppler=self.num_doppler, range_bins=self.range_bins)
        spectrum = make(samples, **options)
        if calibration:
            spectrum *= calibration.antenna_weights.astype(np.complex64)[:, None, None]
        return spectrum
