import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig, decode_groups, remove_static_clutter, unpack_words
from mmradar.simulation import (
    FLOOR,
    HUPR_MOUNTINGS,
    AliasingWarning,
    BodySurface,
    Curtain,
    Fan,
    Interferer,
    Performance,
    Person,
    RadarSensor,
    Scene,
    SimulationError,
    Subject,
    simulate_frames,
)

CONFIG = RadarConfig()
SENSOR = RadarSensor(CONFIG, HUPR_MOUNTINGS['hori'])


def person(place_m=(0.0, 2.4), motion='stand_still'):
    performance = Performance.random(Subject(), motion, np.random.default_rng(1))
    performance = replace(performance, place_m=place_m)
    return Person(performance, BodySurface(Subject(), torch.Generator().manual_seed(0)))


def cubes(scene=None, movers=(), sensor=SENSOR, frames=2, seed=0):
    """Complex frames, (frames, antennas, loops, samples)."""
    start_s = 0.1 * np.arange(frames)
    words = simulate_frames(sensor, movers, scene or Scene(), start_s, torch.Generator().manual_seed(seed))
    config = sensor.config
    return decode_groups(unpack_words(words[..., config.header_bytes // 2 :], config))


def range_power_db(cube):
    """By range bin, of what moves."""
    window = np.hanning(CONFIG.num_samples)
    return 10 * np.log10((np.abs(np.fft.fft(remove_static_clutter(cube) * window)) ** 2).mean((0, 1, 2)))


def bin_of(range_m):
    return round(range_m / CONFIG.range_resolution_m)


def test_noise_alone_has_its_strength_and_is_quantised():
    cube = cubes()
    assert cube.real.std() == pytest.approx(8, rel=0.01) and cube.imag.std() == pytest.approx(8, rel=0.01)
    assert (cube == np.rint(cube.real) + 1j * np.rint(cube.imag)).all()


def test_a_person_is_where_they_stand_and_breathes():
    power = range_power_db(cubes(movers=[person()]))
    quiet = np.median(power)
    assert abs(int(power.argmax()) - bin_of(2.3)) <= 6 and power.max() > quiet + 10


def test_loud_echoes_are_clipped():
    loud = Scene(np.array([[0.0, 0.3, 1.0]]), np.array([1000.0]))
    cube = cubes(loud)
    assert np.abs(cube.real).max() == 32768 and (np.abs(cube.real) >= 32767).mean() > 0.1


def test_a_second_person_and_a_curtain_and_a_fan_move_at_their_ranges():
    nothing = range_power_db(cubes())
    for mover, range_m in (
        (person((0.5, 4.0), 'march'), 4.0),
        (Curtain((0.0, 4.2, 2.0)), 4.2),
        (Fan((0.3, 3.0, 1.0)), 3.0),
    ):
        power = range_power_db(cubes(Scene(movers=[mover])))
        near = slice(bin_of(range_m) - 12, bin_of(range_m) + 13)
        assert power[near].max() > nothing.max() + 10
        assert near.start <= power.argmax() < near.stop


def test_a_fan_s_doppler_is_the_speed_of_its_tips():
    fan = Fan((0.0, 3.0, 1.0), radius_m=0.25, rate_hz=2.0, rcs_m2=1.0)
    tip_m_s = 2 * np.pi * 2.0 * 0.25 * np.sin(fan.axis_tilt_rad)
    cube = cubes(Scene(movers=[fan]), frames=8)
    spectrum = np.abs(np.fft.fft2(cube * np.hanning(64)[:, None])) ** 2
    doppler = spectrum[..., bin_of(3.0) - 8 : bin_of(3.0) + 9].sum((0, 1, 3))
    strong = np.flatnonzero(doppler > 100 * np.median(doppler))
    speed = np.abs((strong + 32) % 64 - 32).max() * CONFIG.velocity_resolution_m_s
    assert 0.8 * tip_m_s < speed < 1.3 * tip_m_s + 2 * CONFIG.velocity_resolution_m_s


def test_the_floor_adds_a_ghost_behind_the_subject():
    """Seen by way of the floor, somebody is farther away; what is nearer than them stays as it was."""
    subject = person((0.0, 2.0), 'march')
    sensor = RadarSensor(CONFIG, HUPR_MOUNTINGS['hori'], half_width_across_deg=80)
    plain = range_power_db(cubes(movers=[subject], sensor=sensor))
    ghost = range_power_db(cubes(Scene(mirrors=[FLOOR]), [subject], sensor))
    behind = slice(bin_of(2.55), bin_of(2.9))  # both ways by the floor: sqrt(2^2 + 2^2) from chest to chest
    assert ghost[behind].mean() > plain[behind].mean() + 3
    before = slice(bin_of(0.8), bin_of(1.4))
    assert ghost[before].mean() == pytest.approx(plain[before].mean(), abs=1)


def test_another_radar_raises_the_noise_floor():
    quiet, loud = (range_power_db(cubes(Scene(interferers=i))) for i in ((), [Interferer((1.0, 3.0, 1.0))]))
    assert np.median(loud) > np.median(quiet) + 3
    none = cubes(Scene(interferers=[Interferer((1.0, 3.0, 1.0), share=0.0)]))
    np.testing.assert_allclose(range_power_db(none).mean(), quiet.mean(), atol=0.3)
    with pytest.raises(ConfigError, match='never crosses our chirps'):
        cubes(Scene(interferers=[Interferer((1.0, 3.0, 1.0), slope_hz_per_s=CONFIG.slope_hz_per_s)]))


def test_an_interferer_s_strength_follows_friis():
    """10 dBm from 3.2 m ahead into 10.5 dBi, one way, against the noise."""
    interferer = Interferer((-0.05, 3.2, 1.0), eirp_dbm=10.0, share=1.0)
    signal = interferer.signal(SENSOR, torch.Generator().manual_seed(0)).abs().numpy()
    watts = 10 ** (10 / 10 - 3) * 10**1.05 * (CONFIG.wavelength_m / (4 * np.pi * 3.2)) ** 2
    expected_db = 10 * np.log10(watts / (1.380649e-23 * 290 * 5e6 * 10**1.5))
    strength = signal[signal > 0]
    assert strength.std() < 1e-3 * strength.mean()
    assert 10 * np.log10(strength.mean() ** 2 / (2 * 8.0**2)) == pytest.approx(expected_db, abs=0.1)


def test_phase_noise_smears_what_stands_still():
    wall = Scene(np.array([[0.0, 3.0, 1.0]]), np.array([1.0]))
    clean = range_power_db(cubes(wall))
    noisy = range_power_db(cubes(wall, sensor=RadarSensor(CONFIG, HUPR_MOUNTINGS['hori'], phase_noise_rad=0.1)))
    place = bin_of(3.0)
    assert noisy[place - 1 : place + 2].max() > clean[place - 1 : place + 2].max() + 15
    assert np.median(noisy) == pytest.approx(np.median(clean), abs=0.5)


def test_same_seed_same_frames_another_seed_others():
    movers = [person(motion='march')]
    np.testing.assert_array_equal(cubes(movers=movers, seed=3), cubes(movers=movers, seed=3))
    assert not np.array_equal(cubes(movers=movers, seed=3), cubes(movers=movers, seed=4))


def test_other_layouts_are_written():
    config = RadarConfig(num_lanes=4, header_bytes=64)
    movers = [person()]
    other = cubes(movers=movers, sensor=RadarSensor(config, HUPR_MOUNTINGS['hori']))
    np.testing.assert_array_equal(other, cubes(movers=movers))


def test_a_person_behind_or_out_of_range_is_refused():
    with pytest.raises(SimulationError, match=r'the subject is behind the radar .*it looks along \(0.0, 1.0, 0.0\)'):
        cubes(movers=[person((0.0, -2.0))])
    with pytest.raises(SimulationError, match=r'the subject is out of range .*this radar sees up to 9.59 m'):
        cubes(movers=[person((0.0, 11.0))])
    with pytest.warns(AliasingWarning, match='part of the subject is behind the radar or beyond its 9.59 m'):
        cubes(movers=[person((0.0, 9.6))])


def test_a_person_too_fast_for_the_radar_is_warned_of():
    slow = RadarSensor(replace(CONFIG, chirp_period_s=450e-6), HUPR_MOUNTINGS['hori'])
    with pytest.warns(AliasingWarning, match=r'moves at .* m/s, and the radar tells speeds apart up to 0.7 m/s'):
        cubes(movers=[person(motion='punch')], sensor=slow, frames=8)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        cubes(movers=[person(motion='punch')], frames=8)
