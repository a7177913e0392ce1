import numpy as np
import pytest
import torch

from mmradar.radar import (
    RadarConfig,
    decode_groups,
    heatmap_3d,
    heatmap_3d_from_raw,
    heatmap_channels,
    remove_static_clutter,
    subsample_chirps,
)
from mmradar.simulation import HUPR_MOUNTINGS, RadarSensor


def random_cube(*leading, antennas=5, loops=4, samples=16, dtype=np.complex128):
    rng = np.random.default_rng(0)
    shape = (*leading, antennas, loops, samples)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)


def direct_dft(cube, num_doppler, num_angle):
    """The three sums as they stand, with signed frequencies."""
    antennas, loops, samples = cube.shape
    result = np.zeros((num_angle, num_doppler, samples), complex)
    for i, angle in enumerate(np.arange(num_angle) - num_angle // 2):
        for j, doppler in enumerate(np.arange(num_doppler) - num_doppler // 2):
            for r in range(samples):
                for a in range(antennas):
                    for c in range(loops):
                        phase = angle * a / num_angle + doppler * c / num_doppler + r * np.arange(samples) / samples
                        result[i, j, r] += (cube[a, c] * np.exp(-2j * np.pi * phase)).sum()
    return result


def test_equals_the_direct_dft():
    cube = random_cube(samples=6)
    np.testing.assert_allclose(
        heatmap_3d(cube, num_doppler=6, num_angle=8, antenna_order=None), direct_dft(cube, 6, 8), atol=1e-10
    )


def test_range_crop_and_antenna_order_are_what_they_say():
    cube = random_cube(2)
    whole = heatmap_3d(cube, 4, 8, antenna_order=None)
    np.testing.assert_allclose(heatmap_3d(cube, 4, 8, range_bins=(3, 9), antenna_order=None), whole[..., 3:9])
    order = [4, 0, 2, 1, 3]
    np.testing.assert_allclose(
        heatmap_3d(cube, 4, 8, antenna_order=order), heatmap_3d(cube[:, order], 4, 8, antenna_order=None)
    )


@pytest.mark.parametrize('dtype', [np.complex64, np.complex128])
def test_numpy_and_torch_agree_and_keep_the_precision(dtype):
    cube = random_cube(2, 3, dtype=dtype)
    for function in (
        remove_static_clutter,
        lambda x: subsample_chirps(x, 2),
        lambda x: heatmap_3d(x, 4, 8, (2, 10), antenna_order=None),
    ):
        ours, theirs = function(cube), function(torch.from_numpy(cube))
        assert ours.dtype == dtype and theirs.numpy().dtype == dtype
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-4)


def test_shape_is_angle_doppler_range():
    assert heatmap_3d(np.zeros((2, 12, 8, 256), np.complex64), antenna_order=None).shape == (2, 64, 8, 256)


def test_what_stands_still_vanishes():
    cube = np.repeat(random_cube(loops=1), 6, axis=-2)
    assert np.abs(remove_static_clutter(cube)).max() < 1e-12


def test_subsampling_is_uniform():
    cube = np.arange(12.0).reshape(1, 12, 1)
    np.testing.assert_array_equal(subsample_chirps(cube, 4).ravel(), [0, 3, 6, 9])
    with pytest.raises(ValueError, match='12 loops cannot be subsampled uniformly to 5 chirps'):
        subsample_chirps(cube, 5)


@pytest.mark.no_shape_checks
@pytest.mark.parametrize(
    'options, message',
    [
        (dict(num_doppler=4, num_angle=4), '5 virtual antennas do not fit 4 angle bins'),
        (dict(num_doppler=4, num_angle=8, range_bins=(0, 17)), r'range_bins \(0, 17\) do not lie within the 16 bins'),
        (
            dict(num_doppler=4, num_angle=8, antenna_order=[0, 0, 1, 2, 3]),
            r'antenna_order must name antennas of 0 to 4, none of them twice, found \[0, 0, 1, 2, 3\]',
        ),
        (dict(antenna_order=[0, 5]), r'antennas of 0 to 4, none of them twice, found \[0, 5\]'),
        (dict(antenna_order=[-1, 0]), r'antennas of 0 to 4, none of them twice, found \[-1, 0\]'),
        (dict(antenna_order=[]), r'antennas of 0 to 4, none of them twice, found \[\]'),
        (dict(antenna_order=[0.5, 1]), r'none of them twice, found \[0.5, 1\]'),
        (dict(antenna_order=[[0, 1], 5]), r'none of them twice, found \[\[0, 1\], 5\]'),
        (dict(antenna_order=[None]), r'antennas of 0 to 4, none of them twice, found \[None\]'),
        (dict(num_angle=4, antenna_order=[0, None, None, None, 1]), '5 virtual antennas do not fit 4 angle bins'),
    ],
)
def test_impossible_requests_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        heatmap_3d(random_cube(), **{'antenna_order': None, **options})


RAW_CONFIG = RadarConfig.build(dict(preset='iwr1843_hupr', num_loops=16, num_samples=32))


def raw_frames(*leading):
    shape = (*leading, RAW_CONFIG.num_loops, RAW_CONFIG.num_tx, RAW_CONFIG.num_rx, RAW_CONFIG.num_samples // 2, 4)
    return np.random.default_rng(1).integers(-32768, 32768, shape).astype('<i2')


@pytest.mark.parametrize('convert', [lambda x: x, torch.from_numpy])
@pytest.mark.parametrize('options', [{}, dict(range_bins=(3, 20), range_window='hann', doppler_shift=False)])
def test_from_raw_is_what_the_steps_make(convert, options):
    raw = raw_frames(3)
    order = RAW_CONFIG.azimuth_first_order
    cube = subsample_chirps(remove_static_clutter(decode_groups(raw)), 4)
    expected = heatmap_3d(cube, 8, 32, antenna_order=order, **options)
    found = heatmap_3d_from_raw(convert(raw), 4, 8, 32, antenna_order=order, **options)
    assert type(found) is type(convert(raw)) and np.asarray(found).dtype == np.complex64
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_static_clutter_stays_if_asked_for():
    raw = raw_frames()
    expected = heatmap_3d(subsample_chirps(decode_groups(raw[None])[0], 8), 8, 64, antenna_order=None)
    found = heatmap_3d_from_raw(raw, antenna_order=None, static_clutter=True)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize('window', ['hann', 'hamming', 'boxcar'])
@pytest.mark.parametrize('bins_from_rest', [3.5, 5.25, -9.5])
def test_what_moves_leaves_no_ghost_at_rest(window, bins_from_rest):
    """The window weights the mean: between two bins the plain one is the target's own, and stays behind at rest."""
    config = RadarConfig(num_loops=32, num_samples=32)
    moving = point(config, 4 * config.range_resolution_m, bins_from_rest * config.velocity_resolution_m_s, 0.0)
    still = 50 * point(config, 9 * config.range_resolution_m, 0.0, 0.3)
    options = dict(num_doppler=32, antenna_order=config.antenna_order('row'), doppler_window=window)
    for scene in (moving + still, torch.from_numpy(moving)):
        cube = remove_static_clutter(scene, window)
        heatmap = np.abs(heatmap_3d(cube, **options))
        assert heatmap[..., 16, :].max() < 1e-3 * heatmap.max()  # rest
        assert heatmap[..., 9].max() < 1e-3 * heatmap.max()  # what stands still
        assert abs(np.unravel_index(heatmap.argmax(), heatmap.shape)[1] - 16 - bins_from_rest) <= 0.5
        assert cube.dtype in (np.complex64, torch.complex64)


@pytest.mark.parametrize('dtype', [np.int16, np.float32, np.complex64, np.complex128])
@pytest.mark.parametrize('convert', [np.asarray, torch.from_numpy])
def test_the_weighted_mean_of_cubes_of_any_type(dtype, convert):
    cube = np.random.default_rng(0).integers(-1000, 1000, (3, 8, 5)).astype(dtype)
    weights = np.hanning(8)[:, None]
    expected = cube - (cube * weights).sum(-2, keepdims=True) / weights.sum()
    found = remove_static_clutter(convert(cube), 'hann')
    assert type(found) is type(convert(cube))
    np.testing.assert_allclose(found, expected, atol=1e-3 if dtype != np.complex128 else 1e-10)


def test_a_window_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="the window 'hann' leaves nothing of 2 loops"):
        heatmap_3d_from_raw(raw_frames(), 2, 8, 32, antenna_order=None, doppler_window='hann')


@pytest.mark.parametrize('chirps', [4, 16])
def test_from_raw_removes_clutter_by_the_window_s_mean(chirps):
    raw = raw_frames(2)
    options = dict(antenna_order=None, doppler_window='hann')
    cube = remove_static_clutter(subsample_chirps(decode_groups(raw), chirps), 'hann')
    expected = heatmap_3d(cube, 16, 32, **options)
    np.testing.assert_allclose(
        heatmap_3d_from_raw(raw, chirps, 16, 32, **options), expected, atol=1e-5 * np.abs(expected).max()
    )


def test_windows_weigh_samples_loops_and_antennas_in_order():
    cube = random_cube(antennas=5, loops=4, samples=16)
    order = [4, 0, 2, 1, 3]
    taper = [np.hanning(17)[:-1], np.hanning(4)[:, None], np.hanning(5)[:, None, None]]
    expected = heatmap_3d(cube[order] * taper[0] * taper[1] * taper[2], 4, 8, antenna_order=None)
    windows = dict(range_window='hann', doppler_window='hann', angle_window='hann')
    np.testing.assert_allclose(heatmap_3d(cube, 4, 8, antenna_order=order, **windows), expected, atol=1e-12)


def test_tdm_compensation_brings_a_moving_target_back_to_its_angle():
    """While the transmitters fire in turn, the target runs on; without compensation its angle is wrong."""
    config = RadarConfig()
    along = config.virtual_positions[:, 0]
    row = np.flatnonzero(config.virtual_positions[:, 1] == 0)
    doppler = 2 / 8  # cycles a kept loop: two bins of eight from rest
    times = config.antenna_delays(8)[:, None] + np.arange(8)
    cube = np.exp(2j * np.pi * (doppler * times[:, :, None] + 0.125 * along[:, None, None]))
    cube = cube[row] * np.exp(2j * np.pi * 5 * np.arange(64) / 64)

    def angle_bin(**options):
        heatmap = np.abs(heatmap_3d(cube, 8, 64, antenna_order=None, **options))
        angle, found_doppler, found_range = np.unravel_index(heatmap.argmax(), heatmap.shape)
        assert (found_doppler, found_range) == (4 + 2, 5)
        return angle

    delays = config.antenna_delays(8)[row]
    along_row = along[row]
    assert sorted(along_row) == along_row.tolist() == list(range(8))
    assert angle_bin(antenna_delays=delays) == 32 + 8
    assert delays.max() == pytest.approx(2 / 24)
    whole = cube.size  # all samples of all antennas and loops in phase
    assert np.abs(heatmap_3d(cube, 8, 64, antenna_order=None, antenna_delays=delays)).max() == pytest.approx(whole)
    assert np.abs(heatmap_3d(cube, 8, 64, antenna_order=None)).max() < 0.999 * whole


@pytest.mark.parametrize('mode, channels', [('real_imag', 2), ('magnitude', 1), ('log_magnitude', 1)])
def test_channels_of_numpy_and_torch(mode, channels):
    heatmap = random_cube(2)
    ours, theirs = heatmap_channels(heatmap, mode, 1), heatmap_channels(torch.from_numpy(heatmap), mode, 1)
    assert ours.shape == (2, channels, *heatmap.shape[1:])
    np.testing.assert_allclose(ours, theirs.numpy())
    with pytest.raises(ValueError, match="one of real_imag, magnitude, log_magnitude, found 'phase'"):
        heatmap_channels(heatmap, 'phase')


@pytest.mark.no_shape_checks
def test_from_raw_refuses_what_is_not_raw():
    with pytest.raises(ValueError, match=r'frames are int16 \(\.\.\., loops, tx, rx, .* found float32'):
        heatmap_3d_from_raw(raw_frames().astype(np.float32), antenna_order=None)
    with pytest.raises(ValueError, match='16 loops cannot be subsampled uniformly to 5'):
        heatmap_3d_from_raw(raw_frames(), 5, antenna_order=None)


def point(config, range_m, speed_m_s, sine_along, sine_across=0.0):
    """A far point target: its cube, from range, speed and direction by the radar equations alone."""
    along, across = config.virtual_positions.T
    beat = range_m / config.range_resolution_m * np.arange(config.num_samples) / config.num_samples
    times = np.arange(config.num_loops) * config.loop_period_s
    doppler = 2 * speed_m_s * times / config.wavelength_m
    angle = -(along * sine_along + across * sine_across) / 2
    return np.exp(2j * np.pi * (beat + doppler[:, None] + angle[:, None, None])).astype(np.complex64)


@pytest.mark.parametrize('range_m, speed_m_s', [(1.33, 0.4), (2.71, -0.9), (3.4, 1.5)])
@pytest.mark.parametrize('sine', [-0.61, -0.2, 0.0, 0.37, 0.8])
def test_range_speed_and_azimuth_of_a_point_lie_within_half_a_bin(range_m, speed_m_s, sine):
    """The eight antennas in a row, all loops: the grid of the transforms, and no more, is between truth and peak."""
    config = RadarConfig()
    cube, row = point(config, range_m, speed_m_s, sine), config.antenna_order('row')
    heatmap = np.abs(heatmap_3d(cube, num_doppler=64, range_bins=(31, 95), antenna_order=row))
    angle, doppler, distance = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert abs((31 + distance) - range_m / config.range_resolution_m) <= 0.5
    assert abs((doppler - 32) - speed_m_s / config.velocity_resolution_m_s) <= 0.5
    assert abs((angle - 32) + 32 * sine) <= 0.5


@pytest.mark.parametrize('sine', [-0.61, -0.2, 0.0, 0.37, 0.8])
def test_elevation_of_a_point_lies_within_half_a_bin_on_the_turned_board(sine):
    """`vert`, turned by 90 degrees, has its long row upright: what was azimuth is elevation."""
    config = RadarConfig()
    mounting = HUPR_MOUNTINGS['vert']
    sensor = RadarSensor(config, mounting)
    sight = sine * np.array([0.0, 0.0, 1.0]) + np.sqrt(1 - sine**2) * np.array([0.0, 1.0, 0.0])
    start = torch.as_tensor(np.array(mounting.position_m) + 6.0 * sight)[None]
    stop = start + torch.as_tensor(sight) * 6 * config.velocity_resolution_m_s * config.frame_duration_s
    cube = sensor.echo(torch.stack([start, stop]), torch.ones(1)).numpy()
    heatmap = heatmap_3d(
        cube, 64, 64, antenna_order=config.antenna_order('row'), antenna_delays=config.antenna_delays()
    )
    angle, doppler, distance = np.unravel_index(np.abs(heatmap).argmax(), heatmap.shape)
    # the sensor is exact in the near field, where waves are not flat: a tenth of a bin more
    assert abs((angle - 32) + 32 * sine) <= 0.6
    assert doppler - 32 == 6
    assert abs(distance - 6.0 / config.range_resolution_m) <= 0.6


SINES = np.linspace(-0.95, 0.95, 96)


def angle_error(order, sine, across=0.0):
    """By how many bins of 64 the strongest angle lies beside the law of the docstring."""
    config = RadarConfig(num_loops=1, num_samples=2)
    heatmap = heatmap_3d(point(config, 0.0, 0.0, sine, across), 1, 64, (0, 1), antenna_order=order)
    return (np.abs(heatmap).argmax() - (32 - 32 * sine) + 32) % 64 - 32


@pytest.mark.parametrize('across', [0.0, -0.3, 0.25])
@pytest.mark.parametrize(
    'name, at_most, on_average', [('row', 0.5, 0.3), ('azimuth_first', 4.0, 1.9), ('file', 7.3, 3.7)]
)
def test_what_each_order_of_the_antennas_does_to_an_angle(name, at_most, on_average, across):
    """At every angle and elevation: a row keeps the law, the unified transforms pull the peak by what the docs say."""
    order = RadarConfig().antenna_order(name)
    errors = np.abs([angle_error(order, sine, across) for sine in SINES])
    assert errors.max() <= at_most
    assert errors.mean() == pytest.approx(on_average, abs=0.1)


def test_both_rows_keep_the_law_and_their_phase_is_the_elevation():
    """The raised row stands half a wavelength across: its phase against the long row is the elevation's."""
    config = RadarConfig(num_loops=1, num_samples=2)
    for sine in SINES[::5]:
        cube = point(config, 0.0, 0.0, sine, 0.4)
        long, raised = heatmap_3d(cube, 1, 64, (0, 1), antenna_order=config.antenna_order('rows'))[:, :, 0, 0]
        assert abs(np.abs(long).argmax() - (32 - 32 * sine)) <= 0.5
        best = np.abs(raised).argmax()
        assert abs(best - (32 - 32 * sine)) <= 0.5
        # both transforms take the same columns: what is left between them, half a bin at most, turns by their middles
        np.testing.assert_allclose(np.angle(raised[best] / long[best]), -np.pi * 0.4, atol=1e-5)


def test_rows_are_the_heatmaps_of_each_row():
    config = RadarConfig(num_loops=4, num_samples=8)
    cube = random_cube(3, antennas=12, samples=8)
    rows = heatmap_3d(cube, 4, 16, antenna_order=config.antenna_rows, angle_window='hann')
    assert rows.shape == (3, 2, 16, 4, 8)
    long = heatmap_3d(cube[:, [0, 1, 2, 3, 8, 9, 10, 11]], 4, 16, antenna_order=None, angle_window='hann')
    np.testing.assert_allclose(rows[:, 0], long, atol=1e-12)
    raised = heatmap_3d(cube[:, 4:8], 4, 16, antenna_order=None, angle_window='hann')
    shift = np.exp(-2j * np.pi * 2 * (np.arange(16) - 8) / 16)[:, None, None]
    np.testing.assert_allclose(rows[:, 1], raised * shift, atol=1e-12)


@pytest.mark.parametrize('num_doppler', [2, 3, 4, 7])
def test_fewer_doppler_bins_than_loops_are_the_middle_ones(num_doppler):
    cube = random_cube(loops=8)
    delays = np.linspace(0, 0.5, 5)
    whole = heatmap_3d(cube, 8, 8, antenna_order=None, doppler_window='hann', antenna_delays=delays)
    part = heatmap_3d(cube, num_doppler, 8, antenna_order=None, doppler_window='hann', antenna_delays=delays)
    first = 4 - num_doppler // 2
    np.testing.assert_allclose(part, whole[:, first : first + num_doppler], atol=1e-12)


def test_speeds_beyond_those_of_the_loops_kept_fold():
    """Eight of 64 loops see 1.05 m/s as rest; the middle eight bins of all loops do not hold it; 16 loops do."""
    config = RadarConfig()
    assert config.folding_speed_m_s(8) == pytest.approx(0.528, abs=1e-3)
    assert config.folding_speed_m_s(64) == config.max_velocity_m_s == pytest.approx(4.22, abs=5e-3)
    speed = 2 * config.folding_speed_m_s(8)
    cube = point(config, 2.0, speed, 0.0)
    options = dict(range_bins=(53, 54), antenna_order=config.antenna_order('row'))
    folded = np.abs(heatmap_3d(subsample_chirps(cube, 8), 8, **options))
    assert np.unravel_index(folded.argmax(), folded.shape)[1] == 4
    clean = np.abs(heatmap_3d(cube, 8, **options))
    assert clean.max() < 1e-3 * 64 * 8 * 256 < folded.max()
    sixteen = np.abs(heatmap_3d(subsample_chirps(cube, 32), 32, **options))
    bin_m_s = 2 * config.folding_speed_m_s(32) / 32
    assert np.unravel_index(sixteen.argmax(), sixteen.shape)[1] == 16 + round(speed / bin_m_s)
