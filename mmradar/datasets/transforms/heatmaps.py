"""Angle transforms: 3D and 4D heatmaps, and what becomes of elevation."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class Heatmap3D(BaseTransform):
    """Unified angle transform of ``spectrum``: see :func:`mmradar.radar.angle_transform`.

    Takes ``spectrum`` away; adds ``heatmap``, complex64, (frames, views, angle, Doppler, range).

    Args:
        num_angle: Angle bins.
        antenna_order: ``'azimuth_first'`` takes all virtual antennas for one line, row after row of the array;
            ``'file'`` does so in the order in which their transmitters fire; ``'row'`` takes the longest row alone;
            ``'rows'`` gives each row a heatmap of its own, (frames, views, rows, angle, Doppler, range), which
            :class:`ElevationToChannels` makes channels of. Open in the paper; what each does to a target's angle is in
            docs/radar_processing.md.
        angle_window: Window over antennas; none in the paper.
    """

    per_frame = True

    def __init__(
        self, num_angle: int = 64, antenna_order: str = 'azimuth_first', angle_window: str | None = None
    ) -> None:
        radar.check_antenna_order(antenna_order, 'Heatmap3D.antenna_order')
        self.num_angle, self.antenna_order, self.angle_window = num_angle, antenna_order, angle_window

    def transform(self, results: dict) -> dict:
        spectrum = results.pop('spectrum')
        heatmaps = [
            radar.angle_transform(
                spectrum[:, view],
                self.num_angle,
                antenna_order=recording.config.antenna_order(self.antenna_order),
                angle_window=self.angle_window,
            )
            for view, recording in enumerate(results['recordings'].values())
        ]
        results['heatmap'] = np.stack(heatmaps, axis=1)
        return results


@TRANSFORMS.register_module()
class Heatmap4D(BaseTransform):
    """Both angle transforms of HuPR's 4D heatmap of ``spectrum``: :func:`mmradar.radar.azimuth_elevation_transform`.

    Takes ``spectrum`` away; adds ``heatmap``, complex64, (frames, views, elevation, azimuth, Doppler, range). Range
    descends, as in HuPR's files.

    Args:
        num_azimuth, num_elevation: Angle bins.
    """

    per_frame = True

    def __init__(self, num_azimuth: int = 64, num_elevation: int = 8) -> None:
        self.num_azimuth, self.num_elevation = num_azimuth, num_elevation

    def transform(self, results: dict) -> dict:
        spectrum = np.ascontiguousarray(results.pop('spectrum')[..., ::-1])
        results['heatmap'] = radar.azimuth_elevation_transform(spectrum, self.num_azimuth, self.num_elevation)
        return results


@TRANSFORMS.register_module()
class MeanOverElevation(BaseTransform):
    """Mean of real ``heatmap`` (frames, views, channels, elevation, angle, Doppler, range) over elevation.

    HuPR's model does this first, after its loader has normalised every map by itself.
    """

    per_frame = True

    def transform(self, results: dict) -> dict:
        results['heatmap'] = results['heatmap'].mean(axis=3)
        return results


@TRANSFORMS.register_module()
class ElevationToChannels(BaseTransform):
    """Real ``heatmap`` (frames, views, channels, elevation, angle, Doppler, range) with elevation among its channels.

    For the rows of ``antenna_order='rows'`` and the elevation bins of a 4D heatmap alike; a network then takes
    channels x elevation channels.
    """

    per_frame = True

    def transform(self, results: dict) -> dict:
        heatmap = results['heatmap']
        results['heatmap'] = heatmap.reshape(*heatmap.shape[:2], -1, *heatmap.shape[4:])
        return results
