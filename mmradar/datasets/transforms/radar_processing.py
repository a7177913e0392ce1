"""The steps of ``mmradar.radar`` as pipeline transforms, from raw file to complex heatmap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.errors import ConfigError
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadRadarCube(BaseTransform):
    """Reads the window's raw frames of every view.

    Required keys: ``adc_paths``, ``frame_indices``, ``radar``. Added: ``cube``, complex64, (frames, views, antennas,
    loops, samples), in ADC counts. A frame that a clamped window names twice is read once.
    """

    def transform(self, results: dict) -> dict:
        frames, inverse = np.unique(results['frame_indices'], return_inverse=True)
        views = [radar.load_dca1000(path, results['radar'], frames) for path in results['adc_paths'].values()]
        results['cube'] = np.stack(views, axis=1)[inverse]
        return results


@TRANSFORMS.register_module()
class RemoveStaticClutter(BaseTransform):
    """Subtracts each frame's mean over its loops from ``cube``."""

    def transform(self, results: dict) -> dict:
        results['cube'] = radar.remove_static_clutter(results['cube'])
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


def _antenna_order(owner: str, order: str, config: radar.RadarConfig) -> np.ndarray | None:
    if order not in ('azimuth_first', 'file'):
        raise ConfigError(f"{owner}.antenna_order must be 'azimuth_first' or 'file', found {order!r}")
    return config.azimuth_first_order if order == 'azimuth_first' else None


@TRANSFORMS.register_module()
class RadarHeatmap3D(BaseTransform):
    """Range, Doppler and unified angle transform of a prepared ``cube``.

    Takes ``cube`` away; adds ``heatmap``, complex64, (frames, views, angle, Doppler, range).

    Args:
        num_doppler: Doppler bins.
        num_angle: Angle bins.
        range_bins: First and one past the last range bin to keep; all if ``None``.
        antenna_order: ``'azimuth_first'`` sorts the virtual antennas by their place in the array, so that a target's
            angle is one peak; ``'file'`` leaves them as the transmitters fire. Open in the paper.
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
        _antenna_order(type(self).__name__, antenna_order, radar.RadarConfig())
        self.num_doppler, self.num_angle = num_doppler, num_angle
        self.range_bins = None if range_bins is None else tuple(range_bins)
        self.antenna_order, self.windows = antenna_order, windows

    def transform(self, results: dict) -> dict:
        order = _antenna_order(type(self).__name__, self.antenna_order, results['radar'])
        results['heatmap'] = radar.heatmap_3d(
            results.pop('cube'),
            self.num_doppler,
            self.num_angle,
            self.range_bins,
            antenna_order=order,
            **self.windows,
        )
        return results


@TRANSFORMS.register_module()
class RawToHeatmap3D(BaseTransform):
    """From the window's raw frames to their 3D heatmaps in one step: what ``LoadRadarCube``, ``RemoveStaticClutter``,
    ``SubsampleChirps`` and ``RadarHeatmap3D`` make of them, several times as fast.

    Required keys: ``adc_paths``, ``frame_indices``, ``radar``. Added: ``heatmap``, complex64, (frames, views, angle,
    Doppler, range). A frame that a clamped window names twice is read once.

    Args:
        num_chirps: Loops to keep.
        num_doppler, num_angle, range_bins, antenna_order: As in :class:`RadarHeatmap3D`.
        tdm_compensation: Take out what a moving target turns between transmitters; not in the paper.
        options: ``static_clutter`` and the windows of :func:`mmradar.radar.heatmap_3d_from_raw`.
    """

    def __init__(
        self,
        num_chirps: int = 8,
        num_doppler: int = 8,
        num_angle: int = 64,
        range_bins: Sequence[int] | None = None,
        antenna_order: str = 'azimuth_first',
        tdm_compensation: bool = False,
        **options,
    ) -> None:
        _antenna_order(type(self).__name__, antenna_order, radar.RadarConfig())
        self.num_chirps, self.num_doppler, self.num_angle = num_chirps, num_doppler, num_angle
        self.range_bins = None if range_bins is None else tuple(range_bins)
        self.antenna_order, self.tdm_compensation, self.options = antenna_order, tdm_compensation, options

    def transform(self, results: dict) -> dict:
        config = results['radar']
        frames, inverse = np.unique(results['frame_indices'], return_inverse=True)
        heatmaps = [
            radar.heatmap_3d_from_raw(
                radar.select_frames(radar.open_dca1000(path, config), frames, path),
                self.num_chirps,
                self.num_doppler,
                self.num_angle,
                self.range_bins,
                _antenna_order(type(self).__name__, self.antenna_order, config),
                antenna_delays=config.antenna_delays(self.num_chirps) if self.tdm_compensation else None,
                **self.options,
            )
            for path in results['adc_paths'].values()
        ]
        results['heatmap'] = np.stack(heatmaps, axis=1)[inverse]
        return results
