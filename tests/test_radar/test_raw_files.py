import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmradar.radar import ADCFileError, RadarConfig, encode_groups, open_recording, pack_words
from mmradar.radar.config import IQ_ORDERS

TWO_BY_TWO = RadarConfig(
    num_tx=2, num_rx=2, num_loops=2, num_samples=4, tx_positions=((0, 0), (2, 0)), rx_positions=((0, 0), (1, 0))
)


def write_by_hand(path, frames=2):
    """Every sample says where it belongs: I = 1000 frame + 100 loop + 10 tx + rx, Q = minus its index."""
    with open(path, 'wb') as file:
        for frame in range(frames):
            for loop in range(2):
                for tx in range(2):
                    for rx in range(2):
                        real = 1000 * frame + 100 * loop + 10 * tx + rx
                        for pair in (0, 2):
                            file.write(struct.pack('<4h', real, real, -pair, -(pair + 1)))  # I0 I1 Q0 Q1


@pytest.fixture
def by_hand(tmp_path):
    def write(frames=2):
        path = tmp_path / 'adc_data.bin'
        write_by_hand(path, frames)
        return path

    return write


def test_bytes_written_by_hand_come_back_in_their_places(by_hand):
    cube = open_recording(by_hand(), TWO_BY_TWO).cube()
    assert cube.shape == (2, 4, 2, 4) and cube.dtype == np.complex64
    for frame in range(2):
        for antenna in range(4):
            for loop in range(2):
                expected = 1000 * frame + 100 * loop + 10 * (antenna // 2) + antenna % 2 - 1j * np.arange(4)
                np.testing.assert_array_equal(cube[frame, antenna, loop], expected)


def test_only_the_frames_asked_for_in_their_order(by_hand):
    recording = open_recording(by_hand(frames=4), TWO_BY_TWO)
    assert len(recording) == 4 and recording.dropped_frames == 0 and recording.notes == ()
    np.testing.assert_array_equal(recording.cube([3, 1, 1])[:, 0, 0, 0].real, [3000, 1000, 1000])
    np.testing.assert_array_equal(recording.cube(slice(1, 3))[:, 0, 0, 0].real, [1000, 2000])
    side_by_side = recording.raw([1, 2])
    assert side_by_side.base is not None and side_by_side.shape == (2, 2, 2, 2, 2, 4)


@pytest.mark.parametrize('change', [-8, -1, 3])
def test_truncated_and_overlong_files_name_file_and_sizes(by_hand, change):
    path = by_hand()
    content = path.read_bytes()
    path.write_bytes(content[:change] if change < 0 else content + b'\0' * change)
    with pytest.raises(
        ADCFileError, match=f'adc_data.bin: {256 + change} bytes is not a whole number of frames.*128 bytes a frame'
    ):
        open_recording(path, TWO_BY_TWO)
    recording = open_recording(path, TWO_BY_TWO, on_error='drop')
    whole = 1 if change < 0 else 2
    assert len(recording) == whole and recording.dropped_frames == 1
    assert f'bytes from offset {128 * whole} on are no whole frame and are left out' in recording.notes[0]
    np.testing.assert_array_equal(recording.cube()[:, 0, 0, 0].real, 1000 * np.arange(whole))


def test_wrong_number_of_frames_antennas_or_samples(by_hand):
    path = by_hand(frames=3)
    with pytest.raises(ADCFileError, match='expected 5 frames = 640 bytes, found 3 frames = 384 bytes'):
        open_recording(path, TWO_BY_TWO, num_frames=5)
    recording = open_recording(path, TWO_BY_TWO, num_frames=5, on_error='drop')
    assert len(recording) == 3 and recording.dropped_frames == 2 and 'expected 5 frames' in recording.notes[0]
    with pytest.raises(ADCFileError, match='expected 2 frames = 256 bytes, found 3'):  # more is another recording
        open_recording(path, TWO_BY_TWO, num_frames=2, on_error='drop')
    with pytest.raises(ADCFileError, match='not a whole number of frames'):
        open_recording(path, RadarConfig(num_samples=20))
    with pytest.raises(ADCFileError, match='an odd number of them, 3'):
        open_recording(path, RadarConfig(num_samples=3))
    with pytest.raises(IndexError, match='asked for frames 1 to 3, there are 3'):
        open_recording(path, TWO_BY_TWO).raw([1, 3])
    with pytest.raises(ValueError, match="on_error must be one of 'raise', 'drop', found 'skip'"):
        open_recording(path, TWO_BY_TWO, on_error='skip')


@pytest.mark.parametrize('on_error', ['raise', 'drop'])
def test_missing_and_empty_files(tmp_path, on_error):
    with pytest.raises(FileNotFoundError, match='nothing.bin'):
        open_recording(tmp_path / 'nothing.bin', TWO_BY_TWO, on_error=on_error)
    (tmp_path / 'empty.bin').touch()
    with pytest.raises(ADCFileError, match='empty.bin is empty'):
        open_recording(tmp_path / 'empty.bin', TWO_BY_TWO, on_error=on_error)


def test_headers_are_expected_where_they_are_and_nowhere_else(tmp_path):
    cube = np.random.default_rng(0).normal(size=(3, 12, 2, 8, 2)).view(complex)[..., 0] * 100
    config = RadarConfig.build(dict(num_loops=2, num_samples=8, header_bytes=64))
    path = tmp_path / 'adc_data.bin'
    pack_words(encode_groups(cube, config), config).tofile(path)
    np.testing.assert_allclose(open_recording(path, config).cube(), cube, atol=0.75)
    plain = RadarConfig.build(dict(num_loops=2, num_samples=8 + 16))  # the same number of bytes
    assert plain.frame_bytes != config.frame_bytes
    same_size = RadarConfig.build(dict(num_loops=2, num_samples=12))
    assert same_size.frame_bytes == config.frame_bytes
    with pytest.raises(ADCFileError, match=r'(?s)first chirp to begin with a sample.*found bytes dc 0a da 0c'):
        open_recording(path, same_size)
    shifted = path.read_bytes()[2:] + b'\0\0'
    path.write_bytes(shifted)
    with pytest.raises(ADCFileError, match='first chirp to begin with an HSI header .*header_bytes is 64'):
        open_recording(path, config)


def test_a_real_recording_of_a_breathing_person(recorded_person):
    """A person in range bin 7, 0.70 m away, breathing at 0.25 Hz."""
    path, config = recorded_person
    assert config.range_resolution_m == pytest.approx(0.1, rel=1e-3)
    cube = open_recording(path, config).cube()
    assert cube.shape == (400, 4, 2, 100)
    profile = np.fft.fft(cube, axis=-1)
    assert np.abs(profile).mean(axis=(0, 1, 2)).argmax() == 7
    phase = np.unwrap(np.angle(profile[:, 0, 0, 7]))
    spectrum = np.abs(np.fft.rfft(phase - phase.mean()))
    assert np.fft.rfftfreq(400, 1 / config.frame_rate_hz)[spectrum.argmax()] == pytest.approx(0.25)


configs = st.builds(
    lambda lanes, order, sampling, header, samples, loops: RadarConfig.build(
        dict(
            num_lanes=lanes,
            iq_order=order if lanes == 2 else 'IIQQ',
            sampling=sampling,
            header_bytes=header,
            num_samples=samples,
            num_loops=loops,
        )
    ),
    st.sampled_from([2, 4]),
    st.sampled_from(IQ_ORDERS),
    st.sampled_from(['complex_1x', 'complex_2x', 'real']),
    st.sampled_from([0, 2, 8, 64]),
    st.integers(1, 8),
    st.integers(1, 2),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=2000), st.integers(0, 3000).map(lambda n: bytes.fromhex('dc0ada0c') * n)),
    config=configs,
    on_error=st.sampled_from(['raise', 'drop']),
)
def test_any_bytes_give_frames_or_our_own_error(tmp_path, content, config, on_error):
    path = tmp_path / 'adc_data.bin'
    path.write_bytes(content)
    try:
        recording = open_recording(path, config, on_error=on_error)
    except ADCFileError as error:
        assert 'adc_data.bin' in str(error)
        return
    cube = recording.cube()
    assert cube.shape == (len(recording), *config.frame_shape) and len(recording) > 0
    assert len(recording) == len(content) // config.frame_bytes
