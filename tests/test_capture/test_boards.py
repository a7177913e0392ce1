"""Boards are configured and started as the library xwr does it, here with fakes at the other end of wire and cable."""

import time
from dataclasses import replace

import numpy as np
import pytest
from fake_boards import ALIVE, CONFIG_FPGA, RESET_RADAR, START, STOP, FakeBoard

from conftest import SMALL_PLAN
from mmradar.capture import BoardReceiver, CaptureError, ChirpTiming, RadarBoard, boards_radar, check_boards_radar
from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig, open_recording, pack_words, read_radar_config, unpack_words

pytest.importorskip('xwr', reason="boards need pip install 'mmradar[boards]'")
pytest.importorskip('pty', reason='the fake radar is a pseudo terminal, which this system has not')

RADAR = SMALL_PLAN.radar_config
HOST, CARD, PORT = '127.0.0.1', '127.0.0.2', 40_960


@pytest.fixture
def raw(simulated_root, tmp_path):
    """A recording with Q before I, as the boards send it."""
    words = open_recording(simulated_root / 'single_7/hori/adc_data.bin', RADAR).words()
    pack_words(unpack_words(words, RADAR), boards_radar(RADAR)).tofile(tmp_path / 'adc_data.bin')
    return tmp_path / 'adc_data.bin'


def test_a_board_records_what_the_model_was_made_for(raw, simulated_root):
    expected = open_recording(simulated_root / 'single_7/hori/adc_data.bin', RADAR).words()
    radar = boards_radar(RADAR)
    with (
        BoardReceiver('hori', radar, port=0, as_of=RADAR) as receiver,
        FakeBoard(raw, radar, receiver.address, CARD, PORT) as fake,
    ):
        with RadarBoard('hori', RADAR, fake.serial_port, HOST, CARD, PORT) as board:
            assert STOP in fake.requests and RESET_RADAR in fake.requests and START not in fake.requests
            assert fake.requests.index(CONFIG_FPGA) < fake.requests.index(RESET_RADAR)
            assert 'sensorStart' not in fake.commands
            board.start()
            frames = [receiver.frames.get(timeout=5) for _ in range(3)]
        assert fake.requests[-2:] == [STOP, RESET_RADAR] and fake.requests.count(START) == 1
        assert fake.commands[-1] == 'sensorStart'
        time.sleep(0.3)
        while not receiver.frames.empty():
            receiver.frames.get()
        time.sleep(0.3)
        assert receiver.frames.empty()  # nothing is sent any more
    for frame in frames:
        assert frame.lost_bytes == 0
        np.testing.assert_array_equal(frame.words, expected[frame.number])


def test_the_commands_are_those_of_the_radar(raw, tmp_path):
    """Written to a file and read as TI's, they are the radar again."""
    for radar in (RADAR, RadarConfig()):
        with FakeBoard(raw, radar, (HOST, 9), CARD, PORT) as fake:
            RadarBoard('hori', radar, fake.serial_port, HOST, CARD, PORT).close()
        assert fake.commands[:2] == ['sensorStop', 'flushCfg']
        (tmp_path / 'sent.cfg').write_text('\n'.join(fake.commands))
        found = read_radar_config(tmp_path / 'sent.cfg', board='xWR1843')
        assert found.iq_order == 'QQII' and found.header_bytes == 0
        assert radar.differing(found) in ([], ['start_frequency_hz'])
        assert 0.995 * radar.start_frequency_hz < found.start_frequency_hz <= radar.start_frequency_hz
        assert found.start_frequency_hz + found.bandwidth_hz <= 81e9
        check_boards_radar(found, radar)
        timing = ChirpTiming.of(radar)
        assert timing.idle_s + timing.ramp_s == pytest.approx(radar.chirp_period_s)
        assert timing.ramp_s > timing.adc_start_s + radar.num_samples / radar.sample_rate_hz


def test_nobody_at_the_other_end_is_told(raw, monkeypatch):
    with pytest.raises(
        CaptureError, match=r'hori: the capture card at 127.0.0.2:40960 .asked from 127.0.0.1. does not'
    ):
        RadarBoard('hori', RADAR, '/dev/null', HOST, CARD, PORT)
    with pytest.raises(CaptureError, match=r'hori: the capture card at .*: .*assign requested address'):
        RadarBoard('hori', RADAR, '/dev/null', '192.0.2.1', CARD, PORT)
    with FakeBoard(raw, RADAR, (HOST, 9), CARD, PORT) as fake:
        with pytest.raises(CaptureError, match=r'hori: there is no serial port /dev/no_radar; is the radar'):
            RadarBoard('hori', RADAR, '/dev/no_radar', HOST, CARD, PORT)
        monkeypatch.setattr('xwr.radar.XWRBase._wait_for_response', _no_response)
        with pytest.raises(CaptureError, match=r'hori: the radar on /dev/pts/\d+ does not answer'):
            RadarBoard('hori', RADAR, fake.serial_port, HOST, CARD, PORT)
    with FakeBoard(raw, RADAR, (HOST, 9), CARD, PORT):  # the sockets of all that failed are closed
        pass


def _no_response(self, timeout=10.0):
    raise TimeoutError


def test_a_radar_that_refuses_is_told(raw):
    with FakeBoard(raw, RADAR, (HOST, 9), CARD, PORT, dict(profileCfg='Error -1: invalid ramp')) as fake:
        with pytest.raises(CaptureError, match='hori: the radar on .*: Error -1: invalid ramp'):
            RadarBoard('hori', RADAR, fake.serial_port, HOST, CARD, PORT)
        assert ALIVE in fake.requests and START not in fake.requests


def test_radars_that_cannot_be_are_told():
    with pytest.raises(ConfigError, match='configured for complex_1x samples over 2 lanes; the radar has real over 2'):
        boards_radar(replace(RADAR, sampling='real'))
    with pytest.raises(ConfigError, match='as an xWR1843, TX1 to TX3 in turn; the radar has other antennas'):
        boards_radar(replace(RADAR, tx_positions=None))
    with pytest.raises(ConfigError, match='a chirp every 55 us leaves -3.2 us of idle time after a ramp of 58.2 us'):
        ChirpTiming.of(RadarConfig(chirp_period_s=55e-6))
    with pytest.raises(ConfigError, match='a ramp from 79.53.* GHz .* would end above 81 GHz'):
        ChirpTiming.of(RadarConfig(start_frequency_hz=80e9))
    check_boards_radar(replace(RADAR, iq_order='QQII', start_frequency_hz=RADAR.start_frequency_hz * 0.996), RADAR)
    with pytest.raises(ConfigError, match="another radar than the model's: num_loops is 16, not 8; slope_hz_per_s is"):
        check_boards_radar(replace(RADAR, num_loops=16, slope_hz_per_s=7e13), RADAR)
    with pytest.raises(ConfigError, match='start_frequency_hz is 76'):
        check_boards_radar(RadarConfig(start_frequency_hz=76e9), RadarConfig())
