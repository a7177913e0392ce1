import pickle

import numpy as np
import pytest

from mmradar.radar import (
    ADCFileError,
    RadarConfig,
    RangeProfileRecording,
    open_range_profiles,
    open_recording,
    range_doppler_from_cube,
    range_doppler_from_profiles,
    range_profiles,
    write_range_profiles,
)

CONFIG = RadarConfig.build('iwr1843_hupr')
BINS = (31, 95)


def cubes(frames=3, seed=0):
    rng = np.random.default_rng(seed)
    shape = (frames, *CONFIG.frame_shape)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64) * np.logspace(0, 3, frames)[
        :, None, None, None
    ].astype(np.float32)


@pytest.fixture(scope='module')
def cube():
    return cubes()


@pytest.fixture
def path(tmp_path, cube):
    path = tmp_path / 'adc_data.profiles.npy'
    write_range_profiles(path, range_profiles(cube, 8, BINS), BINS)
    return path


def test_a_file_gives_the_profiles_back_to_half_precision(path, cube):
    recording = open_recording(path, CONFIG)
    assert isinstance(recording, RangeProfileRecording) and len(recording) == 3
    assert recording.range_bins == BINS and recording.num_chirps == 8
    expected = range_profiles(cube, 8, BINS)
    scale = np.abs(expected).max(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(recording.profiles() / scale, expected / scale, atol=2**-11)
    np.testing.assert_array_equal(recording.profiles([2, 0]), recording.profiles()[[2, 0]])
    assert path.stat().st_size < 3 * 25e3
    with pytest.raises(IndexError, match='frames 1 to 3, there are 3'):
        recording.profiles([1, 3])


def test_what_follows_is_what_follows_of_samples(cube):
    profiles = range_profiles(cube, 16, BINS)
    for chirps, doppler, bins in ((16, 16, BINS), (8, 8, (40, 72)), (8, 4, BINS), (4, 8, BINS)):
        expected = range_doppler_from_cube(cube, chirps, doppler, bins)
        found = range_doppler_from_profiles(profiles, BINS, chirps, doppler, bins)
        np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    delays = CONFIG.antenna_delays(8)
    expected = range_doppler_from_cube(cube, 8, 8, BINS, antenna_delays=delays)
    found = range_doppler_from_profiles(profiles, BINS, 8, 8, antenna_delays=delays)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize('window', ['hann', 'hamming', 'blackman', 'flattop', 'boxcar'])
def test_windows_over_profiles_are_those_over_samples(cube, window):
    """But for the bins at the ends, whose neighbours the profiles do not hold."""
    profiles = range_profiles(cube, 8, BINS)
    options = dict(range_window=window, doppler_window='hamming')
    inner = (BINS[0] + 4, BINS[1] - 4)
    expected = range_doppler_from_cube(cube, 8, 8, inner, **options)
    found = range_doppler_from_profiles(profiles, BINS, 8, 8, inner, **options)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    at_the_ends = range_doppler_from_profiles(profiles, BINS, 8, 8, **options)
    np.testing.assert_allclose(at_the_ends[..., 4:-4], expected, atol=1e-5 * np.abs(expected).max())
    assert np.isfinite(at_the_ends).all()


@pytest.mark.parametrize(
    ('asked', 'message'),
    [
        (dict(range_bins=(30, 90)), r'range bins \(30, 90\) of range profiles that hold \(31, 95\)'),
        (dict(num_chirps=16), 'asked for 16 chirps of range profiles that hold 8'),
        (dict(static_clutter=True), 'asked for static clutter'),
        (dict(range_window='triang'), "asked for the range window 'triang' of range profiles"),
        (dict(range_offset_bins=0.5), 'asked for a range offset'),
    ],
)
def test_what_profiles_no_longer_have_is_refused(cube, asked, message):
    with pytest.raises(ValueError, match=message):
        range_doppler_from_profiles(range_profiles(cube[:1], 8, BINS), BINS, **asked)


def test_a_recording_is_opened_again_in_another_process_and_a_changed_file_is_refused(path):
    recording = open_recording(path, CONFIG)
    pickled = pickle.dumps(recording)
    assert len(pickled) < 2000
    np.testing.assert_array_equal(pickle.loads(pickled).profiles([1]), recording.profiles([1]))
    write_range_profiles(path, range_profiles(cubes(4), 8, BINS), BINS)
    for use in (lambda: recording.profiles([0]), lambda: pickle.loads(pickled)):
        with pytest.raises(ADCFileError, match='was changed while it was in use'):
            use()


def test_files_that_do_not_fit_are_named(path, tmp_path):
    with pytest.raises(ADCFileError, match='expected 5 frames, found 3'):
        open_range_profiles(path, CONFIG, num_frames=5)
    shorter = open_range_profiles(path, CONFIG, num_frames=5, on_error='drop')
    assert len(shorter) == 3 and shorter.dropped_frames == 2
    with pytest.raises(ADCFileError, match='12 antennas, 8 chirps and range bins 31 to 94 are not of a radar of 8'):
        two = CONFIG.build(dict(num_tx=2, tx_positions=CONFIG.tx_positions[:2]))
        open_range_profiles(path, two)
    with pytest.raises(ADCFileError, match=r'expected records of range profiles'):
        other = tmp_path / 'other.profiles.npy'
        np.save(other, np.zeros(3))
        open_range_profiles(other, CONFIG)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ADCFileError, match='cannot be read as a NumPy file'):
        open_range_profiles(path, CONFIG)
    with pytest.raises(ValueError, match='of bins'):
        write_range_profiles(path, range_profiles(cubes(1), 8, BINS), (0, 10))


def test_samples_are_not_made_up(path):
    with pytest.raises(ADCFileError, match='holds range profiles, not the samples'):
        open_recording(path, CONFIG).cube()
