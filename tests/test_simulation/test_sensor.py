"""A point target at a known place must land in the right bins of both radars' heatmaps."""

import numpy as np
import pytest
import torch

from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig, heatmap_3d, remove_static_clutter, subsample_chirps
from mmradar.simulation import FLOOR, HUPR_MOUNTINGS, Mirror, Mounting, RadarSensor

CONFIG = RadarConfig.build('iwr1843_hupr')
ONE = torch.ones(1)
AHEAD = Mounting((0, 0, 0), (1, 0, 0), (0, 0, 1))


def peak(view, position_m, speed_m_s=0.0, clutter=False, num_chirps=8, antennas=12):
    """(angle, Doppler, range) bin of the strongest echo of a point that moves away at ``speed_m_s``."""
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS[view])
    start = torch.tensor([position_m], dtype=torch.float64) + sensor.position_m
    sight = (start - sensor.position_m) / (start - sensor.position_m).norm()
    stop = start + sight * speed_m_s * CONFIG.frame_duration_s
    cube = sensor.echo(torch.stack([start, stop]), ONE)
    if clutter:
        cube = remove_static_clutter(cube)
    cube = subsample_chirps(cube, num_chirps)[CONFIG.azimuth_first_order[:antennas]]
    heatmap = heatmap_3d(cube, num_chirps, antenna_order=None).abs()
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


def power_of(sensor, position_m, rcs_m2=1.0, **options):
    point = torch.tensor([[position_m]], dtype=torch.float64)
    return sensor.echo(point, torch.full((1,), rcs_m2), **options).abs().square().mean().item()


def test_half_the_range_is_twelve_decibels_more():
    sensor = RadarSensor(CONFIG, AHEAD)
    near, far = power_of(sensor, (0.0, 1.5, 0.0)), power_of(sensor, (0.0, 3.0, 0.0))
    assert 10 * np.log10(near / far) == pytest.approx(12.04, abs=0.05)  # R^-4
    assert power_of(sensor, (0.0, 3.0, 0.0), 0.1) / far == pytest.approx(0.1, rel=1e-3)


def test_snr_of_one_square_metre_at_three_metres_follows_the_radar_equation():
    """All factors by hand: 12 dBm, twice 10.5 dBi, 3.8 mm, (4 pi)^3, 3^4, 290 K, 5 MHz, 15 dB."""
    sensor = RadarSensor(CONFIG, AHEAD)
    watts = 10 ** (12 / 10 - 3) * 10 ** (21 / 10) * (299_792_458 / 79e9) ** 2 / ((4 * np.pi) ** 3 * 3.0**4)
    expected_db = 10 * np.log10(watts / (1.380649e-23 * 290 * 5e6 * 10**1.5))
    noise = sensor.noise(torch.Generator().manual_seed(0)).abs().square().mean().item()
    assert 10 * np.log10(power_of(sensor, (0.0, 3.0, 0.0)) / noise) == pytest.approx(expected_db, abs=0.2)
    assert noise == pytest.approx(2 * 8.0**2, rel=0.01)


def test_antennas_see_less_at_the_side_and_nothing_behind():
    sensor = RadarSensor(CONFIG, AHEAD)

    def loss_db(along_deg, across_deg):
        along, across = np.tan(np.radians([along_deg, across_deg]))
        place = torch.tensor([along, 1.0, across], dtype=torch.float64)
        return -20 * np.log10(float(sensor.gain(place)))

    assert loss_db(0, 0) == pytest.approx(0)
    assert loss_db(50, 0) == pytest.approx(6) and loss_db(0, 20) == pytest.approx(6) and loss_db(0, -20) > 5.9
    assert loss_db(0, 60) == pytest.approx(30)
    assert power_of(sensor, (0.0, -2.0, 0.0)) == 0
    # the turned board is narrow to the sides
    turned = RadarSensor(CONFIG, HUPR_MOUNTINGS['vert'])
    place = turned.position_m + torch.tensor([np.tan(np.radians(20)), 1.0, 0.0], dtype=torch.float64)
    assert -20 * np.log10(float(turned.gain(place))) == pytest.approx(6)


def test_phase_is_exact_against_float64_geometry():
    """One transmitter-receiver pair by hand, at the middle of a chirp: 2 pi f times the path over c."""
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS['hori'])
    point = torch.tensor([[0.3, 2.2, 1.4]], dtype=torch.float64)
    sample = sensor.echo(point[None], ONE)[5, 0, 128]  # TX1, RX1, middle sample
    path = (point - sensor._tx_m[1]).norm() + (point - sensor._rx_m[1]).norm()
    expected = np.angle(np.exp(2j * np.pi * path.item() / CONFIG.wavelength_m))
    assert np.angle(sample.item() * np.exp(-1j * expected)) == pytest.approx(0, abs=1e-3)


def test_phase_history_of_an_accelerating_point():
    """A point on a parabola, passing at 3 m/s and pulled at 60 m/s^2: every chirp against the closed form."""
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS['hori'])

    def place(time_s):
        time_s = np.asarray(time_s)[..., None]
        return np.array([-0.3, 2.0, 1.2]) + np.array([1.0, -2.8, 0.4]) * time_s + np.array([20.0, 30, -5]) * time_s**2

    duration = CONFIG.frame_duration_s
    nodes = torch.as_tensor(place(duration * np.array([0, 0.5, 1])))[:, None]
    cube = sensor.echo(nodes, ONE).numpy().reshape(3, 4, 64, 256)
    times = (np.arange(64)[:, None] * 3 + np.arange(3)) * CONFIG.chirp_period_s
    points = place(times)  # loops, tx, 3
    to_tx = np.linalg.norm(points - sensor._tx_m.numpy(), axis=-1)
    to_rx = np.linalg.norm(points[:, :, None] - sensor._rx_m.numpy(), axis=-1)
    cycles = (to_tx[..., None] + to_rx) / CONFIG.wavelength_m  # loops, tx, rx
    middle = cube[..., 128].transpose(2, 0, 1)
    error = np.angle(middle * np.exp(-2j * np.pi * cycles))
    assert cycles.max() - cycles.min() > 10  # it did move
    assert np.abs(error).max() < 0.02


def test_a_fast_point_moves_through_range_bins_within_a_frame():
    sensor = RadarSensor(CONFIG, AHEAD)
    line = torch.tensor([[[0.0, 2.0, 0.0]], [[0.0, 2.15, 0.0]]], dtype=torch.float64)  # 10 m/s: four bins
    profile = np.abs(np.fft.fft(sensor.echo(line, ONE).numpy()[0]))
    assert abs(profile[0].argmax() - 2.0 / CONFIG.range_resolution_m) <= 0.6
    assert abs(profile[-1].argmax() - 2.15 / CONFIG.range_resolution_m) <= 0.6


def test_the_floor_makes_ghosts_at_mirrored_ranges():
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS['vert'])
    point = torch.tensor([[[0.05, 2.0, 1.0]]], dtype=torch.float64)

    def profile(**options):
        return np.abs(np.fft.fft(sensor.echo(point, ONE, **options).numpy() * np.hanning(256))).mean((0, 1))

    direct, with_floor = profile(), profile(mirrors=[Mirror((0, 0, -0.5), (0, 0, 1), 0.5)])
    way_round = np.hypot(2.0, 3.0)  # to the image 1.5 m below the floor, 3 m below the radar
    for range_m in ((2.0 + way_round) / 2, way_round):
        place = round(range_m / CONFIG.range_resolution_m)
        assert with_floor[place - 1 : place + 2].max() > 30 * direct[place - 1 : place + 2].max()
    assert with_floor.argmax() == direct.argmax()
    np.testing.assert_allclose(FLOOR.image(point)[0, 0], [0.05, 2.0, -1.0])


def test_phase_noise_is_of_chirps_and_of_its_strength():
    sensor = RadarSensor(CONFIG, AHEAD, phase_noise_rad=0.05)
    factors = sensor.phase_errors(torch.Generator().manual_seed(0)).numpy()
    assert factors.shape == (12, 64, 1)
    phases = np.angle(factors).reshape(3, 4, 64)
    assert (phases == phases[:, :1]).all()  # receivers share an oscillator
    assert phases.std() == pytest.approx(0.05, rel=0.15)


def test_points_beyond_the_last_range_bin_are_filtered():
    sensor = RadarSensor(CONFIG, AHEAD)
    assert power_of(sensor, (0.0, 9.5, 0.0)) > 0
    assert power_of(sensor, (0.0, 9.7, 0.0)) == 0


def test_a_crooked_mounting():
    with pytest.raises(ConfigError, match='unit vectors at right angles'):
        Mounting((0, 0, 0), (1, 0, 0), (1, 0, 1))
    assert HUPR_MOUNTINGS['vert'].forward == HUPR_MOUNTINGS['hori'].forward == (0.0, 1.0, 0.0)
