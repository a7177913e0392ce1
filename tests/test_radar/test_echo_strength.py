"""Strength of echoes: that of a known target in known noise, and that of noise alone."""

import numpy as np
import pytest

from conftest import SMALL_PLAN
from mmradar.radar import MemoryRecording, RadarConfig, echo_strength_db, open_recording
from mmradar.radar.range_doppler import range_profiles
from mmradar.radar.range_profile_files import open_range_profiles, write_range_profiles

RADAR = RadarConfig.build('iwr1843_hupr')


def noise(frames, rng, config=RADAR):
    parts = rng.normal(size=(2, frames, *config.frame_shape)).astype(np.float32)
    return parts[0] + 1j * parts[1]


def target(amplitude, range_bin, doppler_bin=8, config=RADAR):
    """A target in the middle of a range bin, at a Doppler bin of the 8 loops that are kept."""
    _, loops, samples = config.frame_shape
    phase = range_bin * np.arange(samples) / samples + doppler_bin * np.arange(loops)[:, None] / loops
    return (amplitude * np.exp(2j * np.pi * phase)).astype(np.complex64)


def test_noise_has_a_few_decibels_and_a_target_its_power():
    rng = np.random.default_rng(0)
    empty = MemoryRecording(noise(4, rng), RADAR)
    strengths = echo_strength_db(empty, range_bins=(31, 95))
    assert strengths.shape == (4,) and ((strengths > 2.5) & (strengths < 5)).all()

    # power of the target's cell: amplitude x 8 loops x sum of the window; of noise: 2 x 8 loops x sum of its squares
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 256)
    for amplitude in (0.3, 3.0):
        cubes = noise(4, rng) + target(amplitude, 50, doppler_bin=1)
        signal_db = 10 * np.log10((8 * amplitude * window.sum()) ** 2 / (2 * 8 * (window**2).sum()))
        found = echo_strength_db(MemoryRecording(cubes, RADAR), range_bins=(31, 95))
        assert found == pytest.approx(np.full(4, signal_db), abs=0.8)
        assert echo_strength_db(MemoryRecording(cubes, RADAR), [2], (31, 95)) == pytest.approx(found[2:3])
        assert (echo_strength_db(MemoryRecording(cubes, RADAR), range_bins=(60, 95)) < 5).all()


def test_static_clutter_does_not_count_and_lost_data_is_nothing():
    rng = np.random.default_rng(0)
    cubes = noise(2, rng) + target(1000.0, 50, doppler_bin=0)
    assert (echo_strength_db(MemoryRecording(cubes, RADAR), range_bins=(31, 95)) < 5).all()
    assert echo_strength_db(MemoryRecording(0 * cubes, RADAR)).tolist() == [0, 0]


@pytest.mark.parametrize('loops', [2, 12, 64])
def test_any_number_of_loops_will_do(loops):
    radar = RadarConfig.build(dict(preset='iwr1843_hupr', num_loops=loops))
    cubes = noise(2, np.random.default_rng(0), radar)
    assert (echo_strength_db(MemoryRecording(cubes, radar)) < 7).all()  # all range bins, of which one is the strongest
    assert (echo_strength_db(MemoryRecording(cubes + target(3.0, 50, 1, radar), radar)) > 20).all()


def test_raw_files_and_range_profiles_have_the_same_strength(simulated_root, tmp_path):
    raw = open_recording(simulated_root / 'single_7/hori/adc_data.bin', SMALL_PLAN.radar_config)
    path = tmp_path / 'adc_data.profiles.npy'
    write_range_profiles(path, range_profiles(raw.cube(), 8, (10, 60)), (10, 60))
    strengths = echo_strength_db(raw, range_bins=(15, 55))
    assert (strengths > 15).all()
    assert echo_strength_db(open_range_profiles(path, raw.config), range_bins=(15, 55)) == pytest.approx(
        strengths, abs=0.1
    )
    cubes = MemoryRecording(raw.cube(), raw.config)
    assert echo_strength_db(cubes, range_bins=(15, 55)) == pytest.approx(strengths, abs=0.01)
