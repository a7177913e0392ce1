"""Transforms to detections: point clouds and density maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar import radar
from mmradar.errors import ConfigError
from mmradar.registry import TRANSFORMS


def _frame_by_frame(results: dict, make: Callable[[np.ndarray, radar.RadarConfig], np.ndarray]) -> np.ndarray:
    """Remove ``cube`` and apply ``make`` to each of its frames with the radar of the view; (frames, views, ...)."""
    configs = [recording.config for recording in results['recordings'].values()]
    return np.stack([np.stack([make(*pair) for pair in zip(views, configs)]) for views in results.pop('cube')])


@TRANSFORMS.register_module()
class RadarDensityMap(BaseTransform):
    """Density map of each frame of ``cube``, from all its loops; see :func:`mmradar.radar.density_map`.

    Removes ``cube``; adds ``heatmap``, float32, (frames, views, angle, Doppler, range). ``HeatmapToChannels`` with
    ``mode='magnitude'`` adds the channel axis, of size 1.

    Args:
        options: Arguments of :func:`mmradar.radar.density_map`.
    """

    per_frame = True

    def __init__(self, **options) -> None:
        self.options = options

    def transform(self, results: dict) -> dict:
        results['heatmap'] = _frame_by_frame(
            results, lambda frame, config: radar.density_map(frame, config, **self.options)
        )
        return results


@TRANSFORMS.register_module()
class RadarPointCloud(BaseTransform):
    """Point cloud of each frame of ``cube``, from all its loops; see :func:`mmradar.radar.point_cloud`.

    Removes ``cube``; adds ``points``, float32, (frames, views, ``num_points``, 5) as x, y, z in m, radial speed in m/s
    and intensity in dB, the strongest first, padded with zeros; and ``num_points``, (frames, views), the number of
    points before the padding.

    Args:
        num_points: Maximum number of points per frame.
        options: Arguments of :func:`mmradar.radar.point_cloud`.
    """

    per_frame = True

    def __init__(self, num_points: int = 128, **options) -> None:
        if num_points < 1:
            raise ConfigError(f'RadarPointCloud.num_points must be at least 1, found {num_points}')
        self.num_points, self.options = num_points, options

    def transform(self, results: dict) -> dict:
        def points_of(frame: np.ndarray, config: radar.RadarConfig) -> np.ndarray:
            cloud = radar.point_cloud(frame, config, **self.options)
            columns = np.column_stack([cloud.position_m, cloud.doppler_m_s, cloud.intensity_db])
            strongest = columns[np.argsort(-cloud.intensity_db, kind='stable')[: self.num_points]]
            points = np.full((self.num_points, 5), np.nan, np.float32)
            points[: len(strongest)] = strongest
            return points

        points = _frame_by_frame(results, points_of)
        present = ~np.isnan(points[..., 0])
        results['points'], results['num_points'] = np.where(present[..., None], points, 0), present.sum(-1)
        return results
