"""Range profiles that are simulated by themselves are those that the signal chain makes of raw frames."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mmradar.radar import RadarConfig, decode_groups, range_profiles, unpack_words
from mmradar.simulation import (
    FLOOR,
    HUPR_MOUNTINGS,
    BodySurface,
    Fan,
    Interferer,
    Performance,
    Person,
    RadarSensor,
    Scene,
    Subject,
    simulate_frames,
    simulate_profiles,
)
from mmradar.simulation.range_profiles import moving_profiles, noise_profiles

CONFIG = RadarConfig.build('iwr1843_hupr')
BINS = (31, 95)


def person(motion):
    rng = np.random.default_rng(3)
    return Person(Performance.random(Subject(), motion, rng), BodySurface(Subject(), torch.Generator().manual_seed(0)))


def scatterers(sensor, mover, frames=4):
    times = 0.1 * np.arange(frames)[:, None] + sensor.config.frame_duration_s * np.array([0.0, 0.5, 1.0])
    return mover.scatterers(times, sensor.position_m)


@pytest.mark.parametrize('view', HUPR_MOUNTINGS)
@pytest.mark.parametrize(
    ('mover', 'mirrors'),
    [(person('stand_still'), ()), (person('punch'), ()), (person('march'), (FLOOR,)), (Fan((0.3, 2.5, 1.0)), ())],
    ids=['still', 'fast', 'floor', 'fan'],
)
def test_echoes_are_those_of_all_loops_and_samples(view, mover, mirrors):
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS[view])
    seen = scatterers(sensor, mover)
    cubes = torch.stack([sensor.echo(*frame, mirrors) for frame in zip(*seen)])
    expected = range_profiles(cubes, 8, BINS)
    found = moving_profiles(sensor, seen, mirrors, 8, BINS)
    # the error stays below the noise, which has a deviation of 8 * 16 counts in a profile
    assert ((found - expected).norm() / expected.norm()).item() < 1e-2
    assert ((found - expected).abs().square().mean().sqrt() / (8 * 16 * 2**0.5)).item() < 0.1


@pytest.mark.parametrize('num_chirps', [4, 16, 64])
def test_other_numbers_of_chirps_and_loops(num_chirps):
    config = replace(CONFIG, num_loops=2 * num_chirps if num_chirps == 4 else 64)
    sensor = RadarSensor(config, HUPR_MOUNTINGS['hori'])
    seen = scatterers(sensor, person('kick'), frames=2)
    expected = range_profiles(torch.stack([sensor.echo(*frame) for frame in zip(*seen)]), num_chirps, (20, 40))
    found = moving_profiles(sensor, seen, (), num_chirps, (20, 40))
    assert found.shape == (2, 12, num_chirps, 20)
    assert ((found - expected).norm() / expected.norm()).item() < 3e-3
    with pytest.raises(ValueError, match='cannot be subsampled uniformly to 7 chirps'):
        moving_profiles(sensor, seen, (), 7, (20, 40))


def test_noise_has_the_variance_and_the_correlation_between_chirps_of_raw_frames():
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS['hori'])
    words = simulate_frames(sensor, [], Scene(), 0.1 * np.arange(6), torch.Generator().manual_seed(1))
    raw = torch.from_numpy(range_profiles(decode_groups(unpack_words(words, CONFIG)), 8, BINS))
    short = noise_profiles(sensor, 6, 8, 64, torch.Generator().manual_seed(2))

    def covariance(profiles):  # of chirps
        x = profiles.transpose(2, 3).reshape(-1, 8)
        return (x.T @ x.conj() / len(x)).real.numpy()

    variance = 2 * 256 * (64 + 1 / 12)
    expected = variance * (np.eye(8) - 1 / 64)  # the mean over 64 loops was taken off
    for profiles in (raw, short):
        np.testing.assert_allclose(covariance(profiles), expected, atol=0.04 * variance)
    assert abs(short.mean()) < 0.02 * variance**0.5


def test_other_radars_and_phase_noise_go_the_long_way():
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS['hori'], phase_noise_rad=0.05)
    scene = replace(Scene.random_room(np.random.default_rng(0)), interferers=[Interferer((1.0, 3.0, 1.0))])
    inputs = (sensor, [person('wave_hand')], scene, np.zeros(1))
    words = simulate_frames(*inputs, torch.Generator().manual_seed(1))
    expected = range_profiles(decode_groups(unpack_words(words, CONFIG)), 8, BINS)
    found = simulate_profiles(*inputs, torch.Generator().manual_seed(1), 8, BINS)
    rounding = (2 * 256 / 12) ** 0.5
    assert np.sqrt(np.square(np.abs(found - expected)).mean()) == pytest.approx(rounding, rel=0.05)


def test_nothing_that_moves_leaves_noise():
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS['hori'])
    scene = Scene.random_room(np.random.default_rng(0))
    profiles = simulate_profiles(sensor, [], scene, np.zeros(2), torch.Generator().manual_seed(1))
    assert profiles.shape == (2, 12, 8, 64) and profiles.dtype == np.complex64
    np.testing.assert_allclose(np.abs(profiles).std(), 8 * 16 * np.sqrt(2 - np.pi / 2), rtol=0.05)
