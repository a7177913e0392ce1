import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmradar.radar import RadarConfig, cfar, point_cloud
from mmradar.simulation import HUPR_MOUNTINGS, Mounting, RadarSensor

CONFIG = RadarConfig()
SENSOR = RadarSensor(CONFIG, Mounting((0, 0, 0), (1, 0, 0), (0, 0, 1)))


def frame(*targets, noise=True):
    """Targets as (position, radial speed); the cube of one frame."""
    cube = SENSOR.noise(torch.Generator().manual_seed(0)) if noise else torch.zeros(CONFIG.frame_shape) + 0j
    for position_m, speed_m_s in targets:
        start = torch.tensor([position_m], dtype=torch.float64)
        stop = start + start / start.norm() * speed_m_s * CONFIG.frame_duration_s
        cube = cube + SENSOR.echo(torch.stack([start, stop]), torch.ones(1))
    return cube.numpy()


@pytest.mark.parametrize('kind', ['ca', 'os'])
@pytest.mark.parametrize('doppler_bins', [-9, -2, 3, 14])
@pytest.mark.parametrize('position_m', [(0.0, 2.4, 0.0), (1.0, 2.2, 0.3), (-0.8, 1.6, -0.4)])
def test_a_moving_target_is_where_it_is(kind, doppler_bins, position_m):
    speed = doppler_bins * CONFIG.velocity_resolution_m_s
    cloud = point_cloud(frame((position_m, speed)), CONFIG, kind)
    best = cloud.intensity_db.argmax()
    distance = np.linalg.norm(position_m)
    # half a bin in range and speed; half of 64 bins in the sine of the azimuth, and of 16 in that of the elevation
    assert abs(np.linalg.norm(cloud.position_m[best]) - distance) <= 0.5 * CONFIG.range_resolution_m + 0.01
    assert abs(cloud.doppler_m_s[best] - speed) <= 0.5 * CONFIG.velocity_resolution_m_s
    sines, expected = cloud.position_m[best] / np.linalg.norm(cloud.position_m[best]), np.array(position_m) / distance
    assert abs(sines[0] - expected[0]) <= 1 / 64
    assert abs(sines[2] - expected[2]) <= 1 / 16
    assert (cloud.intensity_db > 10).sum() <= 3 and cloud.intensity_db[best] > 30


def test_two_targets_and_what_stands_still():
    speed = 4 * CONFIG.velocity_resolution_m_s
    cube = frame(((0.5, 1.5, 0.0), speed), ((-0.5, 3.0, 0.0), -speed), ((0.0, 2.2, 0.0), 0.0))
    strong = point_cloud(cube, CONFIG)
    strong = strong.position_m[strong.intensity_db > 20]
    assert len(strong) == 2
    np.testing.assert_allclose(strong, [[0.5, 1.5, 0.0], [-0.5, 3.0, 0.0]], atol=0.08)
    everything = point_cloud(cube, CONFIG, static_clutter=True)
    assert (everything.intensity_db > 20).sum() == 3
    assert len(point_cloud(cube, CONFIG, peaks_only=False).doppler_m_s) > len(strong) * 3


@pytest.mark.parametrize('kind', ['ca', 'os'])
def test_false_alarms_are_as_rare_as_asked_for(kind):
    power = np.random.default_rng(0).exponential(size=(400, 400, 4)).sum(-1)
    detected, noise = cfar(power, kind, false_alarm_rate=1e-3, looks=4)
    assert noise.mean() == pytest.approx(4, rel=0.05)
    assert 0.6e-3 < detected.mean() < 1.6e-3


def test_ordered_statistics_sees_a_target_beside_a_stronger_one():
    power = np.random.default_rng(0).exponential(size=(64, 64))
    power[30, 30], power[35, 30] = 60, 6000
    assert not cfar(power, 'ca')[0][30, 30]
    detected, _ = cfar(power, 'os')
    assert detected[30, 30] and detected[35, 30]


def test_nothing_but_noise_gives_next_to_nothing():
    cloud = point_cloud(frame(), CONFIG)
    assert len(cloud.doppler_m_s) <= 2 and cloud.position_m.shape == (len(cloud.doppler_m_s), 3)
    empty = point_cloud(np.zeros(CONFIG.frame_shape, np.complex64), CONFIG)
    assert empty.position_m.shape == (0, 3)


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r'takes a cube \(12, 64, 256\) of this radar, found \(12, 8, 256\)'):
        point_cloud(np.zeros((12, 8, 256), np.complex64), CONFIG)
    with pytest.raises(ValueError, match="kind must be 'ca' or 'os', found 'go'"):
        cfar(np.ones((64, 64)), 'go')
    with pytest.raises(ValueError, match=r'do not fit a map \(8, 8\)'):
        cfar(np.ones((8, 8)))
    with pytest.raises(ValueError, match='no training cells'):
        cfar(np.ones((64, 64)), train=(0, 0))


def test_the_other_board_is_turned():
    """In the radar's own axes nothing changes; `vert` looks at the world sideways."""
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS['vert'])
    start = torch.tensor([[0.0, 2.0, 0.7]], dtype=torch.float64) + sensor.position_m
    speed = 3 * CONFIG.velocity_resolution_m_s
    sight = (start - sensor.position_m) / (start - sensor.position_m).norm()
    stop = start + sight * speed * CONFIG.frame_duration_s
    cube = sensor.echo(torch.stack([start, stop]), torch.ones(1))
    cloud = point_cloud(cube.numpy(), CONFIG)
    np.testing.assert_allclose(cloud.position_m[cloud.intensity_db.argmax()], [0.7, 2.0, 0.0], atol=0.1)


def tones(config, *targets):
    """Targets straight ahead as (range bin, Doppler bin, amplitude), over a little noise."""
    loops, samples = np.arange(config.num_loops)[:, None], np.arange(config.num_samples)
    delays = config.antenna_delays()[:, None, None]
    noise = np.random.default_rng(0).normal(scale=0.1, size=(2, *config.frame_shape))
    cube = noise[0] + 1j * noise[1]
    for range_bin, doppler_bin, amplitude in targets:
        turns = doppler_bin * (loops + delays) / config.num_loops + range_bin * samples / config.num_samples
        cube = cube + amplitude * np.exp(2j * np.pi * turns)
    return cube.astype(np.complex64)


@settings(max_examples=60, deadline=None)
@given(
    loops=st.sampled_from([16, 21, 32, 64, 100]),
    share=st.floats(-1, 1),
    static=st.sampled_from([0.0, 1.0, 100.0]),
    kind=st.sampled_from(['ca', 'os']),
    window=st.sampled_from(['hann', 'blackman']),
)
def test_nothing_stands_still_where_something_moves_by_no_whole_number_of_bins(loops, share, static, kind, window):
    """From three Doppler bins to the edge of what is unambiguous, beside what does stand still and is gone."""
    config = RadarConfig(num_loops=loops, num_samples=64)
    speed = np.sign(share) * (3 + abs(share) * (loops / 2 - 5)) if share else 3.5
    cube = tones(config, (20.3, speed, 1.0), (20.3, 0, static), (45.1, 0, static))
    cloud = point_cloud(cube, config, kind, window=window)
    bins = cloud.doppler_m_s / config.velocity_resolution_m_s
    best = cloud.intensity_db.argmax()
    assert abs(bins[best] - speed) <= 0.51
    assert np.linalg.norm(cloud.position_m[best]) == pytest.approx(20.3 * config.range_resolution_m, abs=0.1)
    assert not (np.abs(bins) < 1.5).any(), (speed, list(zip(bins, cloud.intensity_db)))


@pytest.mark.parametrize('kind', ['ca', 'os'])
@pytest.mark.parametrize('doppler_bin', [0.6, 1, 1.3, 1.5, 1.8, 2, 2.5, -1, -1.5])
def test_what_is_slow_is_one_detection(kind, doppler_bin):
    """Next to the bin of rest, which is emptied, and on the side to which it moves."""
    cloud = point_cloud(tones(CONFIG, (40.3, doppler_bin, 1.0), (40.3, 0, 50.0)), CONFIG, kind)
    bins = cloud.doppler_m_s / CONFIG.velocity_resolution_m_s
    strong = bins[cloud.intensity_db > 10]
    assert len(strong) == 1 and abs(strong[0] - doppler_bin) <= 0.51


@pytest.mark.parametrize('window', ['boxcar', 'hann', 'flattop'])
def test_what_stands_still_vanishes(window):
    cube = tones(CONFIG, (40.3, 0, 1000.0), (90.0, 0, 10.0))
    assert len(point_cloud(cube, CONFIG, window=window).doppler_m_s) <= 2
    assert len(point_cloud(cube, CONFIG, window=window, static_clutter=True).doppler_m_s) >= 2
