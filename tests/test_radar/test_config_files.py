import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import SHARED_DATA
from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig, read_radar_config

SDK = """% three transmitters in turn
channelCfg 15 7 0
profileCfg 0 77 10 6 65 0 0 60 1 256 5000 0 0 30
chirpCfg 0 0 0 0 0 0 0 1
chirpCfg 1 1 0 0 0 0 0 2
chirpCfg 2 2 0 0 0 0 0 4
frameCfg 0 2 64 600 100 1 0
"""
LUA = """-- the same
if (ar1.ChanNAdcConfig(1, 1, 1, 1, 1, 1, 1, 2, 1, 0) == 0) then
ar1.ProfileConfig(0, 77, 10, 6, 65, 0, 0, 0, 0, 0, 0, 60, 1, 256, 5000, 0, 0, 30)
ar1.ChirpConfig(0, 0, 0, 0, 0, 0, 0, 1, 0, 0)
ar1.ChirpConfig(1, 1, 0, 0, 0, 0, 0, 0, 1, 0)
ar1.ChirpConfig(2, 2, 0, 0, 0, 0, 0, 0, 0, 1)
ar1.FrameConfig(0, 2, 600, 64, 100, 0, 1)
"""
LOG = """01-Jan-2026 14:10:47: API:select_chip_version,AR1843,0,
01-Jan-2026 14:11:08: API:ChannelConfig,7,15,0,
01-Jan-2026 14:11:27: API:ProfileConfig,0,1435384036,1000,600,6500,0,0,1243,0,256,5000,0,0,30,0,
01-Jan-2026 14:11:30: API:ChirpConfig,0,0,0,0,0,0,0,1,0,
01-Jan-2026 14:11:30: API:ChirpConfig,1,1,0,0,0,0,0,2,0,
01-Jan-2026 14:11:30: API:ChirpConfig,2,2,0,0,0,0,0,4,0,
01-Jan-2026 14:12:47: API:FrameConfig,0,2,600,64,20000000,0,512,0,
"""


def studio_json():
    profile = dict(
        profileId=0,
        startFreqConst_GHz=77.0,
        idleTimeConst_usec=10.0,
        adcStartTimeConst_usec=6.0,
        rampEndTime_usec=65.0,
        freqSlopeConst_MHz_usec=60.0,
        numAdcSamples=256,
        digOutSampleRate=5000,
    )
    chirps = [
        dict(rlChirpCfg_t=dict(chirpStartIdx=i, chirpEndIdx=i, profileId=0, txEnable=hex(1 << i))) for i in range(3)
    ]
    frame = dict(chirpStartIdx=0, chirpEndIdx=2, numLoops=64, numFrames=600, framePeriodicity_msec=100.0)
    rf = dict(
        rlChanCfg_t=dict(rxChannelEn='0xF', txChannelEn='0x7'),
        rlProfiles=[dict(rlProfileCfg_t=profile)],
        rlChirps=chirps,
        rlFrameCfg_t=frame,
    )
    return json.dumps(dict(mmWaveDevices=[dict(mmWaveDeviceId=0, rfConfig=rf)]))


def read(tmp_path, text):
    path = tmp_path / 'radar.txt'
    path.write_text(text)
    return read_radar_config(path)


@pytest.mark.parametrize('text', [SDK, LUA, LOG, studio_json()], ids=['sdk', 'lua', 'log', 'json'])
def test_all_of_ti_s_files_say_the_same(tmp_path, text):
    config = read(tmp_path, text)
    assert config.frame_shape == (12, 64, 256)
    assert config.start_frequency_hz == pytest.approx(77e9 + 60e12 * 6e-6, rel=1e-5)
    assert config.slope_hz_per_s == pytest.approx(60e12, rel=1e-3)  # the device's steps are 48 kHz/us
    assert config.sample_rate_hz == 5e6 and config.frame_rate_hz == pytest.approx(10)
    assert config.chirp_period_s == pytest.approx(75e-6)
    assert config.tx_positions == RadarConfig().tx_positions and config.rx_positions == RadarConfig().rx_positions


def test_transmitters_in_another_order_and_fewer_receivers(tmp_path):
    text = SDK.replace('channelCfg 15', 'channelCfg 5').replace('0 2\n', '0 8\n').replace('0 4\n', '0 2\n')
    config = read(tmp_path, text.replace('0 8\n', '0 4\n'))
    assert config.tx_positions == ((0.0, 0.0), (4.0, 0.0), (2.0, 1.0))
    assert config.rx_positions == ((0.0, 0.0), (2.0, 0.0))


def test_fields_as_json(tmp_path):
    assert read(tmp_path, '{"preset": "iwr1843_hupr", "num_loops": 32}') == RadarConfig(num_loops=32)


def test_a_log_of_mmwave_studio():
    """The last settings before the radar started: 64 samples at 2 MHz, 66 MHz/us from 77 GHz, 32 loops every 10 ms."""
    path = SHARED_DATA / 'dca1000_phone' / 'LogFile.txt'
    if not path.is_file():
        pytest.skip(f'no recorded log at {path}')
    config = RadarConfig.from_file(path)
    assert config.frame_shape == (4, 32, 64)
    assert config.start_frequency_hz == pytest.approx(77e9 + 66e12 * 6e-6, rel=1e-4)
    assert config.slope_hz_per_s == pytest.approx(66e12, rel=1e-3)
    assert (config.sample_rate_hz, config.frame_rate_hz) == (2e6, pytest.approx(100))
    assert config.chirp_period_s == pytest.approx(160e-6)


@pytest.mark.parametrize(
    'old, new, message',
    [
        (SDK, '', 'says nothing of a profile and a chirp and a frame'),
        (SDK, '{"num_loop": 3}', "unknown RadarConfig field 'num_loop'"),
        (SDK, '{', 'cannot be understood'),
        (SDK, '{"mmWaveDevices": []}', 'cannot be understood'),
        ('frameCfg 0 2', 'frameCfg 0 5', 'takes chirps 0 to 5, but only'),
        ('0 2 64 600 100 1 0', '0 2 64', 'line 7, frameCfg: 5 numbers expected, 3 found'),
        ('profileCfg 0', 'profileCfg 3', 'use profile 0, which is not set'),
        ('0 0 4\n', '0 0 5\n', r'must have one of 3 transmitters on.*masks are \[1, 2, 5\]'),
        ('77 10 6 65', '77 10 six 65', 'line 3, profileCfg: could not convert'),
        ('77 10 6 65', '77 10 nan 65', 'line 3, profileCfg: a number is not finite'),
        ('0 2 64 600 100', '0 2 64 600 10', 'longer than a frame'),
        ('0 2 64 600 100', '0 2 64 600 0', 'cannot be'),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path, old, new, message):
    with pytest.raises(ConfigError, match=rf'(?s)radar\.txt: .*({message})'):
        read(tmp_path, SDK.replace(old, new))


def test_no_file_and_a_recording_by_mistake(tmp_path):
    with pytest.raises(FileNotFoundError, match='no radar configuration at'):
        read_radar_config(tmp_path / 'none.cfg')
    with (tmp_path / 'adc_data.bin').open('wb') as file:
        file.truncate(2**30)
    with pytest.raises(ConfigError, match='1,073,741,824 bytes are too many'):
        read_radar_config(tmp_path / 'adc_data.bin')


WORDS = """channelCfg profileCfg chirpCfg frameCfg API:ProfileConfig, API:FrameConfig, ar1.ChirpConfig( ) { } [ ] : ,
ar1.FrameConfig( "mmWaveDevices" "preset" 0 1 2 4 7 15 64 77 -1 1e999 nan 0xF 0x 99999999999999999999 % é"""
words = st.sampled_from(WORDS.split())
texts = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(words, st.just('\n')), max_size=60).map(lambda parts: ' '.join(parts).encode()),
    # a good file with one number changed
    st.tuples(st.integers(0, 60), st.sampled_from(['-1', '0', '1e300', 'x', '3.5', '1e-300', '2147483648'])).map(
        lambda change: ' '.join(
            change[1] if i == change[0] else word for i, word in enumerate(SDK.replace('\n', ' \n ').split(' '))
        ).encode()
    ),
)


@settings(max_examples=400, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=texts)
def test_any_bytes_give_a_configuration_or_our_own_error(tmp_path, content):
    path = tmp_path / 'fuzz.cfg'
    path.write_bytes(content)
    try:
        config = read_radar_config(path)
    except ConfigError as error:
        assert str(path) in str(error)
    else:
        assert config.frame_bytes > 0 and config.range_resolution_m > 0
