"""A point target at a known place must land in the right bins of both radars' heatmaps."""

import numpy as np
import pytest
import torch

from mmradar.radar import RadarConfig, heatmap_3d, remove_static_clutter, subsample_chirps
from mmradar.simulation import HUPR_MOUNTINGS, Mounting, RadarSensor

CONFIG = RadarConfig.build('iwr1843_hupr')


def peak(view, position_m, speed_m_s=0.0, clutter=False, num_chirps=8, antennas=12):
    """(angle, Doppler, range) bin of the strongest echo of a point that moves away at ``speed_m_s``."""
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS[view])
    start = torch.tensor([position_m], dtype=torch.float64) + sensor.position_m
    sight = (start - sensor.position_m) / (start - sensor.position_m).norm()
    stop = start + sight * speed_m_s * CONFIG.frame_duration_s
    cube = sensor.echo(start, stop, torch.ones(1, dtype=torch.float64))
    if clutter:
        cube = remove_static_clutter(cube)
    cube = subsample_chirps(cube, num_chirps)[CONFIG.azimuth_first_order[:antennas]]
    heatmap = heatmap_3d(cube, num_chirps, antenna_order=list(range(antennas))).abs()
    return np.unravel_index(int(heatmap.argmax()), heatmap.shape)


@pytest.mark.parametrize('range_m', [1.5, 2.4, 3.3])
def test_range(range_m):
    for view in HUPR_MOUNTINGS:
        angle, doppler, range_bin = peak(view, (0.0, range_m, 0.0))
        assert abs(range_bin - range_m / CONFIG.range_resolution_m) <= 0.6
        assert (angle, doppler) == (32, 4)


@pytest.mark.parametrize('degrees', [-40, -15, 20, 35])
def test_angle_is_measured_by_the_view_whose_array_lies_along_it(degrees):
    radians = np.radians(degrees)
    sideways = (2.5 * np.sin(radians), 2.5 * np.cos(radians), 0.0)
    upwards = (0.0, 2.5 * np.cos(radians), 2.5 * np.sin(radians))
    # a wave from the side of the last antenna reaches it first: its phase falls along the array
    expected = 32 - 32 * np.sin(radians)
    assert abs(peak('hori', sideways, antennas=8)[0] - expected) <= 0.75
    assert abs(peak('vert', upwards, antennas=8)[0] - expected) <= 0.75
    # The unified FFT over all twelve hangs the raised row on as four more antennas of the same line, which they are
    # not; it pulls the peak by up to a quarter of the main lobe's eight bins.
    assert abs(peak('hori', sideways)[0] - expected) <= 2
    assert abs(peak('vert', upwards)[0] - expected) <= 2
    # The other view sees it at broadside, but for the one raised row of its array
    assert abs(peak('vert', sideways)[0] - 32) <= 3
    assert abs(peak('hori', upwards)[0] - 32) <= 3


@pytest.mark.parametrize('bins', [-3, -1, 1, 2, 3])
def test_speed(bins):
    speed_m_s = bins * CONFIG.velocity_resolution_m_s
    assert peak('hori', (0.0, 2.4, 0.0), speed_m_s, clutter=True)[1] == 4 + bins
    assert peak('vert', (0.0, 2.4, 0.0), speed_m_s, clutter=True, num_chirps=64)[1] == 32 + bins


def test_amplitude_follows_the_radar_equation():
    sensor = RadarSensor(CONFIG, Mounting((0, 0, 0), (1, 0, 0), (0, 0, 1)))
    power = {}
    for range_m in (1.0, 2.0):
        point = torch.tensor([[0.0, range_m, 0.0]], dtype=torch.float64)
        power[range_m] = sensor.echo(point, point, torch.ones(1, dtype=torch.float64)).abs().square().mean().item()
    assert power[1.0] / power[2.0] == pytest.approx(16, rel=1e-3)  # R^-4
    noise = sensor.noise(torch.Generator().manual_seed(0)).abs().square().mean().item()
    assert 10 * np.log10(power[1.0] / noise) == pytest.approx(sensor.snr_db, abs=0.1)


def test_phase_is_exact_against_float64_geometry():
    """One transmitter-receiver pair by hand, at the middle of a chirp: 2 pi f times the path over c."""
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS['hori'])
    point = torch.tensor([[0.3, 2.2, 1.4]], dtype=torch.float64)
    sample = sensor.echo(point, point, torch.ones(1, dtype=torch.float64))[5, 0, 128]  # TX1, RX1, middle sample
    path = (point - sensor._tx_m[1]).norm() + (point - sensor._rx_m[1]).norm()
    centre_hz = CONFIG.start_frequency_hz + CONFIG.bandwidth_hz / 2
    expected = np.angle(np.exp(2j * np.pi * centre_hz * path.item() / 299_792_458))
    assert np.angle(sample.item() * np.exp(-1j * expected)) == pytest.approx(0, abs=1e-3)
