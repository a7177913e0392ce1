"""What a network may see of a radar: 3D and 4D heatmaps, density maps, point clouds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.datasets.transforms.radar_processing import BoardCalibrations, open_recordings
from mmradar.errors import ConfigError
from mmradar.registry import TRANSFORMS


def _frame_by_frame(cube: np.ndarray, make) -> np.ndarray:
    """What ``make`` makes of each frame of each view, (frames, views, ...)."""
    return np.stack([np.stack([make(frame) for frame in views]) for views in cube])


@TRANSFORMS.register_module()
class RadarHeatmap3D(BaseTransform):
    """Range, Doppler and unified angle transform of a prepared ``cube``.

    Takes ``cube`` away; adds ``heatmap``, complex64, (frames, views, angle, Doppler, range).

    Args:
        num_doppler: Doppler bins around rest; of more loops' bins the middle ones.
        num_angle: Angle bins.
        range_bins: First and one past the last range bin to keep; all if ``None``.
        antenna_order: ``'azimuth_first'`` takes all virtual antennas for one line, row after row of the array;
            ``'file'`` does so in the order in which their transmitters fire; ``'row'`` takes the longest row alone;
            ``'rows'`` gives each row a heatmap of its own, (frames, views, rows, angle, Doppler, range), which
            :class:`ElevationToChannels` makes channels of. Open in the paper; what each does to a target's angle is in
            docs/radar_processing.md.
        windows: ``range_window``, ``doppler_window``, ``angle_window`` and ``doppler_shift`` of
            :func:`mmradar.radar.heatmap_3d`.
    """

    def __init__(
        self,
        num_doppler: int = 8,
        num_angle: int = 64,
        range_bins: Sequence[int] | None = None,
        antenna_order: str = 'azimuth_first',
        **windows,
    ) -> None:
        radar.check_antenna_order(antenna_order, f'{type(self).__name__}.antenna_order')
        self.num_doppler, self.num_angle = num_doppler, num_angle
        self.range_bins = None if range_bins is None else tuple(range_bins)
        self.antenna_order, self.windows = antenna_order, windows

    def transform(self, results: dict) -> dict:
        results['heatmap'] = radar.heatmap_3d(
            results.pop('cube'),
            self.num_doppler,
            self.num_angle,
            self.range_bins,
            antenna_order=results['radar'].antenna_order(self.antenna_order),
            **self.windows,
        )
        return results


@TRANSFORMS.register_module()
class RawToHeatmap3D(BaseTransform):
    """From the window's raw frames to their 3D heatmaps in one step: what ``LoadRadarCube``, ``RemoveStaticClutter``,
    ``SubsampleChirps``, ``CalibrateCube`` and ``RadarHeatmap3D`` make of them, several times as fast.

    Required keys: ``adc_paths``, ``frame_indices``, ``radar``. Added: ``heatmap``, complex64, (frames, views, angle,
    Doppler, range). Files of cubes take the single steps.

    Args:
        num_chirps: Loops to keep. The paper's 8 of 64 fold speeds beyond 0.53 m/s
            (:meth:`~mmradar.radar.RadarConfig.folding_speed_m_s`): a target at 1.05 m/s looks like one at rest. All
            loops with ``num_doppler=8`` keep the same 8 bins without what is faster; more of both keep more speeds.
        num_doppler, num_angle, range_bins, antenna_order: As in :class:`RadarHeatmap3D`.
        tdm_compensation: Take out what a moving target turns between transmitters; not in the paper.
        calibrations: Calibration file by view; none in the paper.
        static_clutter: Leave in what stands still.
        windows: As in :class:`RadarHeatmap3D`.
    """

    def __init__(
        self,
        num_chirps: int = 8,
        num_doppler: int = 8,
        num_angle: int = 64,
        range_bins: Sequence[int] | None = None,
        antenna_order: str = 'azimuth_first',
        tdm_compensation: bool = False,
        calibrations: Mapping[str, str | Path] | None = None,
        static_clutter: bool = False,
        **windows,
    ) -> None:
        radar.check_antenna_order(antenna_order, f'{type(self).__name__}.antenna_order')
        self.num_chirps, self.num_doppler, self.num_angle = num_chirps, num_doppler, num_angle
        self.range_bins = None if range_bins is None else tuple(range_bins)
        self.antenna_order, self.tdm_compensation = antenna_order, tdm_compensation
        self.calibrations = BoardCalibrations(calibrations)
        self.static_clutter, self.windows = static_clutter, windows

    def transform(self, results: dict) -> dict:
        heatmaps = [
            self._heatmaps(view, recording, results['frame_indices'])
            for view, recording in open_recordings(results).items()
        ]
        results['heatmap'] = np.stack(heatmaps, axis=1)
        return results

    def _heatmaps(self, view: str, recording: radar.Recording, frames: np.ndarray) -> np.ndarray:
        config = recording.config
        bins = (self.num_doppler, self.num_angle, self.range_bins)
        options = dict(self.windows, antenna_order=config.antenna_order(self.antenna_order))
        if self.tdm_compensation:
            options['antenna_delays'] = config.antenna_delays(self.num_chirps)
        if calibration := self.calibrations[view]:
            options['antenna_weights'] = calibration.antenna_weights
            options['range_offset_bins'] = calibration.range_bias_m / config.range_resolution_m
        if isinstance(recording, radar.RawRecording):
            raw = recording.raw(frames)
            return radar.heatmap_3d_from_raw(raw, self.num_chirps, *bins, static_clutter=self.static_clutter, **options)
        cube, window = recording.cube(frames), options.get('doppler_window')
        if not (self.static_clutter or window):
            cube = radar.remove_static_clutter(cube)  # by the mean of all loops
        cube = radar.subsample_chirps(cube, self.num_chirps)
        if window and not self.static_clutter:
            cube = radar.remove_static_clutter(cube, window)  # by that of the loops it weights
        return radar.heatmap_3d(cube, *bins, **options)


@TRANSFORMS.register_module()
class RadarHeatmap4D(BaseTransform):
    """HuPR's 4D heatmap of ``cube``; static clutter is removed in it.

    Takes ``cube`` away; adds ``heatmap``, complex64, (frames, views, elevation, azimuth, Doppler, range).

    Args:
        num_doppler: Doppler bins around rest; HuPR's files hold 16, its loader takes the central 8.
        range_bins: First and one past the last range bin; they come out descending.
        num_azimuth, num_elevation: Angle bins.
    """

    def __init__(
        self,
        num_doppler: int = 8,
        range_bins: Sequence[int] = (31, 95),
        num_azimuth: int = 64,
        num_elevation: int = 8,
    ) -> None:
        self.bins = dict(
            num_doppler=num_doppler, range_bins=tuple(range_bins), num_azimuth=num_azimuth, num_elevation=num_elevation
        )

    def transform(self, results: dict) -> dict:
        heatmap = radar.heatmap_4d(results.pop('cube'), **self.bins)  # ..., Doppler, range, azimuth, elevation
        results['heatmap'] = np.ascontiguousarray(heatmap.transpose(0, 1, 5, 4, 2, 3))
        return results


@TRANSFORMS.register_module()
class MeanOverElevation(BaseTransform):
    """Mean of real ``heatmap`` (frames, views, channels, elevation, angle, Doppler, range) over elevation.

    HuPR's model does this first, after its loader has normalised every map by itself.
    """

    def transform(self, results: dict) -> dict:
        results['heatmap'] = results['heatmap'].mean(axis=3)
        return results


@TRANSFORMS.register_module()
class ElevationToChannels(BaseTransform):
    """Real ``heatmap`` (frames, views, channels, elevation, angle, Doppler, range) with elevation among its channels.

    For the rows of ``antenna_order='rows'`` and the elevation bins of a 4D heatmap alike; a network then takes
    channels x elevation channels.
    """

    def transform(self, results: dict) -> dict:
        heatmap = results['heatmap']
        results['heatmap'] = heatmap.reshape(*heatmap.shape[:2], -1, *heatmap.shape[4:])
        return results


@TRANSFORMS.register_module()
class RadarDensityMap(BaseTransform):
    """Density map of every frame of ``cube``, all loops of it: see :func:`mmradar.radar.density_map`.

    Takes ``cube`` away; adds ``heatmap``, float32, (frames, views, angle, Doppler, range); ``HeatmapToChannels`` with
    ``mode='magnitude'`` makes its one channel.

    Args:
        options: Of :func:`mmradar.radar.density_map`.
    """

    def __init__(self, **options) -> None:
        self.options = options

    def transform(self, results: dict) -> dict:
        config = results['radar']
        results['heatmap'] = _frame_by_frame(
            results.pop('cube'), lambda frame: radar.density_map(frame, config, **self.options)
        )
        return results


@TRANSFORMS.register_module()
class RadarPointCloud(BaseTransform):
    """Point cloud of every frame of ``cube``, all loops of it: see :func:`mmradar.radar.point_cloud`.

    Takes ``cube`` away; adds ``points``, float32, (frames, views, ``num_points``, 5) as x, y, z in m, radial speed in
    m/s and intensity in dB, the strongest first, the rest zeros; and ``num_points``, (frames, views), how many are
    there.

    Args:
        num_points: Points kept of a frame.
        options: Of :func:`mmradar.radar.point_cloud`.
    """

    def __init__(self, num_points: int = 128, **options) -> None:
        if num_points < 1:
            raise ConfigError(f'RadarPointCloud.num_points must be at least 1, found {num_points}')
        self.num_points, self.options = num_points, options

    def transform(self, results: dict) -> dict:
        config = results['radar']

        def points_of(frame: np.ndarray) -> np.ndarray:
            cloud = radar.point_cloud(frame, config, **self.options)
            columns = np.column_stack([cloud.position_m, cloud.doppler_m_s, cloud.intensity_db])
            strongest = columns[np.argsort(-cloud.intensity_db, kind='stable')[: self.num_points]]
            points = np.full((self.num_points, 5), np.nan, np.float32)
            points[: len(strongest)] = strongest
            return points

        points = _frame_by_frame(results.pop('cube'), points_of)
        there = ~np.isnan(points[..., 0])
        results['points'], results['num_points'] = np.where(there[..., None], points, 0), there.sum(-1)
        return results
