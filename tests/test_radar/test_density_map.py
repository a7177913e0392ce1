import numpy as np
import pytest
import torch

from mmradar.radar import RadarConfig, density_map, heatmap_3d, point_cloud, remove_static_clutter
from mmradar.simulation import Mounting, RadarSensor

CONFIG = RadarConfig()
SENSOR = RadarSensor(CONFIG, Mounting((0, 0, 0), (1, 0, 0), (0, 0, 1)))


@pytest.fixture(scope='module')
def cube():
    """A target that walks away, a bin or two of eight from rest."""
    start = torch.tensor([[0.9, 2.1, 0.0]], dtype=torch.float64)
    speed = 8 * CONFIG.velocity_resolution_m_s
    stop = start + start / start.norm() * speed * CONFIG.frame_duration_s
    echo = SENSOR.echo(torch.stack([start, stop]), torch.ones(1))
    return (echo + SENSOR.noise(torch.Generator().manual_seed(0))).numpy()


def test_the_target_lies_where_the_heatmap_has_it(cube):
    density = density_map(cube, CONFIG, range_bins=(31, 95))
    assert density.shape == (64, 8, 64) and density.dtype == np.float32
    found = np.unravel_index(density.argmax(), density.shape)
    long_row = remove_static_clutter(cube)[[0, 1, 2, 3, 8, 9, 10, 11]]
    heatmap = np.abs(heatmap_3d(long_row, num_doppler=64, range_bins=(31, 95), antenna_order=None))
    angle, doppler, distance = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert found[1] == 4 + 8 / 8 == np.rint(doppler / 8)
    assert abs(found[0] - angle) <= 2 and abs(found[2] - distance) <= 1


def test_counts_are_detections(cube):
    cloud = point_cloud(cube, CONFIG, peaks_only=False)
    counts = density_map(cube, CONFIG, weight='count', spread=(0, 0, 0))
    assert counts.sum() == len(cloud.doppler_m_s) > 3
    assert counts.max() >= 1 and (counts == np.rint(counts)).all()
    one = density_map(cube, CONFIG, weight='count', spread=(0, 0, 0), peaks_only=True)
    assert 1 <= one.sum() < counts.sum()
    spread = density_map(cube, CONFIG, weight='count', spread=(2, 0, 2))
    assert spread.sum() == pytest.approx(counts.sum(), rel=1e-3) and spread.max() < counts.max()


def test_nothing_is_nothing():
    assert not density_map(np.zeros(CONFIG.frame_shape, np.complex64), CONFIG).any()


def test_what_does_not_fit(cube):
    with pytest.raises(ValueError, match="one of intensity, count, found 'power'"):
        density_map(cube, CONFIG, weight='power')
    with pytest.raises(ValueError, match='do not lie within the 256 bins'):
        density_map(cube, CONFIG, range_bins=(200, 300))
