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


@TRANSFORMS.register_module()
class RadarHeatmap3D(BaseTransform):
    """Range, Doppler and unified angle FFT.

    Takes ``cube`` away; adds ``heatmap``, complex64, (frames, views, angle, Doppler, range).

    Args:
        num_doppler: Doppler bins.
        num_angle: Angle bins.
        range_bins: First and one past the last range bin to keep; all if ``None``.
        antenna_order: ``'azimuth_first'`` sorts the virtual antennas by their place in the array, so that a target's
            angle is one peak; ``'file'`` leaves them as the transmitters fire. Open in the paper.
    """

    def __init__(
        self,
        num_doppler: int = 8,
        num_angle: int = 64,
        range_bins: Sequence[int] | None = None,
        antenna_order: str = 'azimuth_first',
    ) -> None:
        if antenna_order not in ('azimuth_first', 'file'):
            raise ConfigError(
                f"RadarHeatmap3D.antenna_order must be 'azimuth_first' or 'file', found {antenna_order!r}"
            )
        self.num_doppler, self.num_angle = num_doppler, num_angle
        self.range_bins = None if range_bins is None else tuple(range_bins)
        self.antenna_order = antenna_order

    def transform(self, results: dict) -> dict:
        order = results['radar'].azimuth_first_order if self.antenna_order == 'azimuth_first' else None
        results['heatmap'] = radar.heatmap_3d(
            results.pop('cube'), self.num_doppler, self.num_angle, self.range_bins, antenna_order=order
        )
        return results
