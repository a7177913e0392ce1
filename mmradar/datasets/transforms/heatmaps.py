"""Angle transforms to 3D and 4D heatmaps, and transforms that remove the elevation axis."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class Heatmap3D(BaseTransform):
    """Unified angle transform of ``spectrum``; see :func:`mmradar.radar.angle_transform`.

    Removes ``spectrum``; adds ``heatmap``, complex64, (frames, views, angle, Doppler, range).

    Args:
        num_angle: Number of angle bins.
        antenna_order: ``'azimuth_first'`` treats all virtual antennas as one line, row after row of the array;
            ``'file'`` does the same in the order in which their transmitters fire; ``'row'`` uses only the longest row;
            ``'rows'`` computes a heatmap for each row, (frames, views, rows, angle, Doppler, range), whose rows
            :class:`ElevationToChannels` turns into channels. The paper leaves the order open; docs/radar_processing.md
            shows the effect of each on a target's angle.
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
    """Azimuth and elevation transform of ``spectrum`` to HuPR's 4D heatmap.

    Removes ``spectrum``; adds ``heatmap``, complex64, (frames, views, elevation, azimuth, Doppler, range). Range
    descends, as in HuPR's files. See :func:`mmradar.radar.azimuth_elevation_transform`.

    Args:
        num_azimuth, num_elevation: Number of angle bins.
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
    """Mean of a real ``heatmap`` (frames, views, channels, elevation, angle, Doppler, range) over elevation.

    This is the first step of HuPR's model, after its loader has normalised each map independently.
    """

    per_frame = True

    def transform(self, results: dict) -> dict:
        results['heatmap'] = results['heatmap'].mean(axis=3)
        return results


@TRANSFORMS.register_module()
class ElevationToChannels(BaseTransform):
    """Merge of the channel and elevation axes of a real ``heatmap``, to channels x elevation channels.

    The input is (frames, views, channels, elevation, angle, Doppler, range). Its elevation axis holds the rows of
    ``antenna_order='rows'`` or the elevation bins of a 4D heatmap.
    """

    per_frame = True

    def transform(self, results: dict) -> dict:
        heatmap = results['heatmap']
        results['heatmap'] = heatmap.reshape(*heatmap.shape[:2], -1, *heatmap.shape[4:])
        return results
