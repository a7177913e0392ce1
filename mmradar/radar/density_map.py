"""Density maps: a point cloud spread over the axes of the 3D heatmap."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from jaxtyping import Float32

from mmradar.radar.config import RadarConfig
from mmradar.radar.point_cloud import point_cloud
from mmradar.radar.range_doppler import check_range_bins

WEIGHTS = ('intensity', 'count')


def density_map(
    cube: np.ndarray,
    config: RadarConfig,
    num_doppler: int = 8,
    num_angle: int = 64,
    range_bins: tuple[int, int] | None = None,
    weight: str = 'intensity',
    spread: tuple[float, float, float] = (1.0, 0.0, 1.0),
    **detection,
) -> Float32[np.ndarray, 'angle doppler range']:
    """Accumulate the detections of one frame on the grid of :func:`mmradar.radar.heatmap_3d`.

    milliMamba compares its heatmaps with a density map without defining it; this definition is this package's choice.
    Each detection adds its weight to the cell of its angle, speed and range; a Gaussian spreads it. The Doppler bins
    cover all speeds that are unambiguous with all loops, whereas the 3D heatmap of few chirps folds them.

    Args:
        cube: Complex samples, (antennas, loops, samples), all loops.
        config: The radar.
        num_doppler, num_angle, range_bins: Cells of the map, see :func:`mmradar.radar.heatmap_3d`.
        weight: Weight of a detection: ``'intensity'``, its power over the noise in dB, or ``'count'``, 1.
        spread: Standard deviation of the Gaussian in cells of angle, Doppler and range.
        **detection: Options of :func:`mmradar.radar.point_cloud`; ``peaks_only`` is off by default here.

    Returns:
        float32, (``num_angle``, ``num_doppler``, range bins).

    Raises:
        ValueError: The weight is unknown, the range bins are out of range, or see :func:`mmradar.radar.point_cloud`.
    """
    if weight not in WEIGHTS:
        raise ValueError(f'the weight of a density map is one of {", ".join(WEIGHTS)}, found {weight!r}')
    start, stop = range_bins or (0, config.num_samples)
    check_range_bins((start, stop), config.num_samples)
    cloud = point_cloud(cube, config, **{'peaks_only': False, **detection})
    distance_m = np.linalg.norm(cloud.position_m, axis=1)
    sine = cloud.position_m[:, 0] / np.maximum(distance_m, 1e-9)
    cell = (
        np.rint(num_angle * (0.5 - sine / 2)).astype(int) % num_angle,
        np.rint(num_doppler * (0.5 + cloud.doppler_m_s / (2 * config.max_velocity_m_s))).astype(int) % num_doppler,
        np.rint(distance_m / config.range_resolution_m).astype(int) - start,
    )
    inside = (cell[2] >= 0) & (cell[2] < stop - start)
    density = np.zeros((num_angle, num_doppler, stop - start), np.float32)
    weights = cloud.intensity_db if weight == 'intensity' else np.ones(len(distance_m))
    np.add.at(density, tuple(c[inside] for c in cell), weights[inside])
    # angle and Doppler are periodic, range is not; scipy, untyped, takes a mode for each axis
    modes = ('wrap', 'wrap', 'constant')
    return scipy.ndimage.gaussian_filter(density, spread, mode=modes)  # pyright: ignore[reportArgumentType]
