import struct

import numpy as np
import pytest

from mmradar.radar import ADCFileError, RadarConfig, decode_dca1000, encode_dca1000, load_dca1000

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


def test_bytes_written_by_hand_come_back_in_their_places(tmp_path):
    path = tmp_path / 'adc_data.bin'
    write_by_hand(path)
    cube = load_dca1000(path, TWO_BY_TWO)
    assert cube.shape == (2, 4, 2, 4) and cube.dtype == np.complex64
    for frame in range(2):
        for antenna in range(4):
            for loop in range(2):
                expected = 1000 * frame + 100 * loop + 10 * (antenna // 2) + antenna % 2 - 1j * np.arange(4)
                np.testing.assert_array_equal(cube[frame, antenna, loop], expected)


def test_only_the_frames_asked_for_in_their_order(tmp_path):
    path = tmp_path / 'adc_data.bin'
    write_by_hand(path, frames=4)
    cube = load_dca1000(path, TWO_BY_TWO, frames=[3, 1, 1])
    np.testing.assert_array_equal(cube[:, 0, 0, 0].real, [3000, 1000, 1000])


def test_encode_is_the_inverse_of_decode_and_clips():
    raw = np.random.default_rng(0).integers(-2000, 2000, size=(3, 2, 2, 2, 2, 4)).astype('<i2')
    np.testing.assert_array_equal(encode_dca1000(decode_dca1000(raw), TWO_BY_TWO), raw)
    loud = np.full((1, 4, 2, 4), 1e6 - 1e6j)
    assert set(np.unique(encode_dca1000(loud, TWO_BY_TWO))) == {-32768, 32767}
    with pytest.raises(ValueError, match=r'expected frames of shape \(4, 2, 4\), found \(4, 2, 6\)'):
        encode_dca1000(np.zeros((1, 4, 2, 6)), TWO_BY_TWO)


@pytest.mark.parametrize('change', [-8, -1, 3])
def test_truncated_and_overlong_files_name_file_and_sizes(tmp_path, change):
    path = tmp_path / 'adc_data.bin'
    write_by_hand(path)
    content = path.read_bytes()
    path.write_bytes(content[:change] if change < 0 else content + b'\0' * change)
    with pytest.raises(
        ADCFileError, match=f'adc_data.bin: {256 + change} bytes is not a whole number of frames.*128 bytes a frame'
    ):
        load_dca1000(path, TWO_BY_TWO)


def test_wrong_number_of_frames_antennas_or_samples(tmp_path):
    path = tmp_path / 'adc_data.bin'
    write_by_hand(path, frames=3)
    with pytest.raises(ADCFileError, match='expected 5 frames = 640 bytes, found 3 frames = 384 bytes'):
        load_dca1000(path, TWO_BY_TWO, num_frames=5)
    with pytest.raises(ADCFileError, match='not a whole number of frames'):
        load_dca1000(path, RadarConfig(num_samples=20))
    with pytest.raises(ADCFileError, match='odd number of samples, 3'):
        load_dca1000(path, RadarConfig(num_samples=3))
    with pytest.raises(IndexError, match='asked for frames 1 to 3, the file has 3'):
        load_dca1000(path, TWO_BY_TWO, frames=[1, 3])


def test_missing_and_empty_files(tmp_path):
    with pytest.raises(FileNotFoundError, match='nothing.bin'):
        load_dca1000(tmp_path / 'nothing.bin', TWO_BY_TWO)
    (tmp_path / 'empty.bin').touch()
    with pytest.raises(ADCFileError, match='empty.bin: 0 bytes is not a whole number'):
        load_dca1000(tmp_path / 'empty.bin', TWO_BY_TWO)


def test_a_real_recording_of_a_breathing_person(recorded_person):
    """A person in range bin 7, 0.70 m away, breathing at 0.25 Hz."""
    path, config = recorded_person
    assert config.range_resolution_m == pytest.approx(0.1, rel=1e-3)
    cube = load_dca1000(path, config)
    assert cube.shape == (400, 4, 2, 100)
    profile = np.fft.fft(cube, axis=-1)
    assert np.abs(profile).mean(axis=(0, 1, 2)).argmax() == 7
    phase = np.unwrap(np.angle(profile[:, 0, 0, 7]))
    spectrum = np.abs(np.fft.rfft(phase - phase.mean()))
    assert np.fft.rfftfreq(400, 1 / config.frame_rate_hz)[spectrum.argmax()] == pytest.approx(0.25)
