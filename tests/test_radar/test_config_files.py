import json
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_radar.studio_files import exported_profile

from conftest import REPOSITORY, SHARED_DATA
from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig, read_radar_config
from mmradar.radar.boards import find_board

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
    chirps = [
        dict(rlChirpCfg_t=dict(chirpStartIdx=i, chirpEndIdx=i, profileId=0, txEnable=hex(1 << i))) for i in range(3)
    ]
    frame = dict(chirpStartIdx=0, chirpEndIdx=2, numLoops=64, numFrames=600, framePeriodicity_msec=100.0)
    rf = dict(
        rlChanCfg_t=dict(rxChannelEn='0xF', txChannelEn='0x7'),
        rlProfiles=[dict(rlProfileCfg_t=exported_profile())],
        rlChirps=chirps,
        rlFrameCfg_t=frame,
    )
    return json.dumps(dict(mmWaveDevices=[dict(mmWaveDeviceId=0, rfConfig=rf)]))


def read(tmp_path, text, board=None, name='radar.txt'):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_radar_config(path, board)


FILES = dict(sdk=SDK, lua=LUA, log=LOG, json=studio_json())


@pytest.mark.parametrize('text', FILES.values(), ids=FILES)
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


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be', 'utf-32'])
@pytest.mark.parametrize('text', FILES.values(), ids=FILES)
def test_the_first_line_counts_whatever_the_encoding(tmp_path, text, encoding):
    """What is in the first line of each differs from a default."""
    first = text.replace('% three transmitters in turn\nchannelCfg 15', 'channelCfg 3').replace('-- the same\n', '')
    first = first.replace('1, 1, 1, 1, 1, 1, 1, 2, 1, 0', '1, 1, 1, 1, 1, 0, 0, 2, 1, 0').replace('0xF', '0x3')
    first = first.replace('ChannelConfig,7,15', 'ChannelConfig,7,3')
    config = read(tmp_path, first.replace('\n', '\r\n').encode(encoding))
    assert config.frame_shape == (6, 64, 256)
    assert config == read(tmp_path, first)


@pytest.mark.parametrize('text', FILES.values(), ids=FILES)
def test_every_missing_line_is_missed(tmp_path, text):
    lines = text.splitlines()
    whole = read(tmp_path, text)
    for i, line in enumerate(lines):
        try:
            config = read(tmp_path, '\n'.join(lines[:i] + lines[i + 1 :]))
        except ConfigError:
            continue
        assert config == whole and ('%' in line or '--' in line or 'select_chip' in line), line


def test_a_missing_kind_of_receivers_is_no_four_receivers(tmp_path):
    for name, command in (('sdk', 'channelCfg'), ('lua', 'if (ar1.Chan'), ('log', 'ChannelConfig')):
        text = '\n'.join(line for line in FILES[name].splitlines() if command not in line)
        with pytest.raises(ConfigError, match='does not set its receivers'):
            read(tmp_path, text)


@pytest.mark.parametrize('text', FILES.values(), ids=FILES)
@pytest.mark.parametrize('board', ['xWR1443', 'AWR1843BOOST', '1843AOP'])
def test_a_board_that_is_given_counts(tmp_path, text, board):
    config = read(tmp_path, text, board)
    assert (config.tx_positions, config.rx_positions) == find_positions(board)
    assert config.num_lanes == (4 if '1443' in board else 2)


def find_positions(name):
    board = find_board(name)
    return board.tx_positions, board.rx_positions


@pytest.mark.no_shape_checks
def test_a_board_that_cannot_be(tmp_path):
    for board, message in (
        ('xWR1642', 'must have one of 2 transmitters on'),
        ('xWR6843ISK', 'is for xWR6843ISK, which does not reach 77 GHz'),
        ('xWR6843', "the board 'xWR6843' may be xWR6843ISK or xWR6843ODS or xWR6843AOP"),
        ('xWR9999', "the board 'xWR9999' is unknown; the boards are xWR1243"),
        (1843, 'the board 1843 is unknown'),
        ('IWRL6432', 'is a low-power radar'),
    ):
        with pytest.raises(ConfigError, match=message):
            read(tmp_path, SDK, board)
    with pytest.raises(ConfigError, match='leave out the board'):
        read(tmp_path, '{"num_loops": 32}', 'xWR1843')


def test_a_chip_on_several_boards_is_read_and_asks_for_the_board_where_it_is_needed(tmp_path):
    text = SDK.replace('0 77 10', '0 60 10')
    config = read_radar_config(write(tmp_path, text))
    assert config.frame_shape == (12, 64, 256) and config.tx_positions is None and config.rx_positions is None
    for name in ('virtual_positions', 'antenna_positions_m', 'azimuth_first_order'):
        with pytest.raises(ConfigError, match=r'read_radar_config\(..., board=...\), one of .*xWR6843AOP'):
            getattr(config, name)
    board = find_board('xWR6843ODS')
    found = read_radar_config(write(tmp_path, text), board='xWR6843ODS')
    assert found == replace(config, tx_positions=board.tx_positions, rx_positions=board.rx_positions)
    assert found.virtual_positions.shape == (12, 2)


def write(tmp_path, text):
    path = tmp_path / 'radar.cfg'
    path.write_text(text)
    return path


def test_transmitters_that_fire_several_times_in_the_list_are_loops(tmp_path):
    """Two transmitters in turn, eight chirps, and 16 times these: 64 loops of two."""
    chirps = '\n'.join(f'chirpCfg {i} {i} 0 0 0 0 0 {4 if i % 2 else 1}' for i in range(8))
    text = SDK[: SDK.index('chirpCfg')] + chirps + '\nframeCfg 0 7 16 600 100 1 0\n'
    config = read(tmp_path, text)
    assert config.frame_shape == (8, 64, 256) and config.tx_positions == ((0.0, 0.0), (4.0, 0.0))
    config = read(tmp_path, text.replace(chirps, 'chirpCfg 0 7 0 0 0 0 0 1'))
    assert config.frame_shape == (4, 128, 256)
    with pytest.raises(ConfigError, match='its frame fires TX3, TX1, TX3; only loops in which each fires once'):
        read(tmp_path, text.replace('frameCfg 0 7', 'frameCfg 1 3'))


def test_a_frame_of_some_of_the_chirps(tmp_path):
    config = read(tmp_path, SDK.replace('frameCfg 0 2', 'frameCfg 1 2') + '% Platform:xWR18xx')
    assert config.tx_positions == ((2.0, 1.0), (4.0, 0.0))


@pytest.mark.parametrize(
    'name, old, new',
    [
        ('sdk', 'chirpCfg 1 1 0 0 0 0 0 2', 'chirpCfg 1 1 0 0 0 5 0 2'),
        ('lua', 'ChirpConfig(1, 1, 0, 0, 0, 0, 0,', 'ChirpConfig(1, 1, 0, 0, 0, 5, 0,'),
        ('log', 'ChirpConfig,1,1,0,0,0,0,0', 'ChirpConfig,1,1,0,0,0,500,0'),
        ('json', '"chirpStartIdx": 1,', '"idleTimeVar_usec": 5, "chirpStartIdx": 1,'),
    ],
)
def test_chirps_of_their_own_timing_are_refused(tmp_path, name, old, new):
    assert FILES[name].count(old) == 1
    with pytest.raises(ConfigError, match='depart from their profile'):
        read(tmp_path, FILES[name].replace(old, new))


@pytest.mark.parametrize(
    'name, old, new',
    [
        ('sdk', 'channelCfg 15 7 0', 'channelCfg 15 7 0\nadcCfg 1 1\nadcbufCfg -1 0 0 1 1'),
        ('lua', '2, 1, 0) == 0', '1, 1, 0) == 0'),
        ('log', '01-Jan-2026 14:11:27', 'x API:AdcOutConfig,1,1,\n01-Jan-2026 14:11:27'),
        ('json', '"rfConfig": {', '"rfConfig": {"rlAdcOutCfg_t": {"fmt": {"b2AdcBits": 1, "b2AdcOutFmt": 1}}, '),
    ],
)
def test_samples_of_14_bits_are_refused(tmp_path, name, old, new):
    assert FILES[name].count(old) == 1
    with pytest.raises(ConfigError, match='samples of 14 bits; only 16 bits are supported'):
        read(tmp_path, FILES[name].replace(old, new))


def test_two_profiles_are_one_where_they_say_the_same(tmp_path):
    profile = SDK.splitlines()[2]
    text = SDK.replace('chirpCfg 1 1 0', 'chirpCfg 1 1 1') + profile.replace('profileCfg 0', 'profileCfg 1')
    assert read(tmp_path, text) == read(tmp_path, SDK)
    with pytest.raises(ConfigError, match=r'use different profiles, \[0, 1\]; only one is supported'):
        read(tmp_path, text.replace('profileCfg 1 77', 'profileCfg 1 78'))


BOTH_CHIPS = 'AR1642,0,\nx API:select_chip_version,XWR6843'


def log_of(chip, steps, slope_steps):
    text = LOG.replace('API:select_chip_version,AR1843', f'API:select_chip_version,{chip}' if chip else '')
    return text.replace('1435384036', str(steps)).replace(',1243,', f',{slope_steps},')


def steps_60(start_hz):
    return round(start_hz / (2.7e9 / 2**26))


@pytest.mark.parametrize(
    'chip, steps, slope_steps, start_hz, slope_hz_per_s',
    [
        ('AR1843', 1435384036, 1243, 77e9, 60e12),
        ('', 1435384036, 1243, 77e9, 60e12),
        ('XWR6843', steps_60(60e9), 1243, 60e9, 45e12),
        (BOTH_CHIPS, steps_60(63.5e9), 200, 63.5e9, 7.24e12),
        ('', steps_60(63.5e9), 200, 63.5e9, 7.24e12),
    ],
)
def test_a_log_tells_the_band_by_chip_or_frequency(tmp_path, chip, steps, slope_steps, start_hz, slope_hz_per_s):
    config = read(tmp_path, log_of(chip, steps, slope_steps))
    assert config.start_frequency_hz == pytest.approx(start_hz + 6e-6 * slope_hz_per_s, rel=1e-5)
    assert config.slope_hz_per_s == pytest.approx(slope_hz_per_s, rel=1e-3)


@pytest.mark.parametrize('chip, message', [('', 'that it does not name'), (BOTH_CHIPS, 'of AR1642 or XWR6843')])
def test_a_log_that_fits_both_bands_asks_for_the_board(tmp_path, chip, message):
    text = log_of(chip, steps_60(60.3e9), 100)  # or 80.4 GHz
    with pytest.raises(ConfigError, match=f'fit both bands of a chip {message}.*name the board'):
        read(tmp_path, text)
    config = read(tmp_path, text, 'xWR6843ISK')
    assert config.start_frequency_hz == pytest.approx(60.3e9, rel=1e-3)


def test_a_log_beyond_the_band_of_its_chip_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='fit no band of a chip of AR1642'):
        read(tmp_path, log_of('AR1642', steps_60(63e9), 100))


def test_fields_as_json(tmp_path):
    assert read(tmp_path, '{"preset": "iwr1843_hupr", "num_loops": 32}') == RadarConfig(num_loops=32)


def test_a_log_of_mmwave_studio():
    """The last settings before the radar started: 64 samples at 2 MHz, 66 MHz/us from 77 GHz, 32 loops every 10 ms."""
    path = SHARED_DATA / 'dca1000_phone' / 'LogFile.txt'
    if not path.is_file():
        pytest.skip(f'no recorded log at {path}')
    config = read_radar_config(path)
    assert config.frame_shape == (4, 32, 64)
    assert config.start_frequency_hz == pytest.approx(77e9 + 66e12 * 6e-6, rel=1e-4)
    assert config.slope_hz_per_s == pytest.approx(66e12, rel=1e-3)
    assert (config.sample_rate_hz, config.frame_rate_hz) == (2e6, pytest.approx(100))
    assert config.chirp_period_s == pytest.approx(160e-6)


@pytest.mark.no_shape_checks
@pytest.mark.parametrize(
    'old, new, message',
    [
        (SDK, '', 'sets no profile, chirp and frame'),
        (SDK, '{"num_loop": 3}', "unknown RadarConfig field 'num_loop'"),
        (SDK, '{', 'cannot be understood'),
        (SDK, '{}', "expected mmWave Studio's JSON or fields of RadarConfig"),
        (SDK, '[]', 'it is neither a command file of the mmWave SDK'),
        (SDK, '{"num_tx": 2, "tx_positions": 5}', 'tx_positions must hold one'),
        (SDK, '{"sample_rate_hz": "fast"}', "sample_rate_hz must be a positive number, found 'fast'"),
        (SDK, '{"preset": ["iwr1843_hupr"]}', 'unknown radar preset'),
        (SDK, '{"mmWaveDevices": []}', 'cannot be understood'),
        ('frameCfg 0 2', 'frameCfg 0 5', 'takes chirps 0 to 5, but only'),
        ('0 2 64 600 100 1 0', '0 2 64', 'line 7, frameCfg: 5 numbers expected, 3 found'),
        ('profileCfg 0', 'profileCfg 3', 'use profile 0, which is not set'),
        ('0 0 4\n', '0 0 5\n', r'must have one of 3 transmitters on.*masks are \[1, 2, 5\]'),
        ('77 10 6 65', '77 10 six 65', 'line 3, profileCfg: could not convert'),
        ('77 10 6 65', '77 10 nan 65', 'line 3, profileCfg: a number is not finite'),
        ('0 2 64 600 100', '0 2 64 600 10', 'longer than a frame'),
        ('0 2 64 600 100', '0 2 64 600 0', 'are impossible'),
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


WORDS = """channelCfg profileCfg chirpCfg frameCfg API:ProfileConfig, API:FrameConfig, ar1.ChirpConfig( ar1.FrameConfig(
) { } [ ] : , "mmWaveDevices" "preset" null true [] {} "" 0 1 2 4 7 15 64 77 -1 0.5 1e999 nan six 0xF 0x 1_0 % é if
then else end function while for repeat until local return == or and not .. # ~ --[[ ]] [[ ' " partId ar1
99999999999999999999"""
PIECES = WORDS.split()


def variants(text):
    """A file cut off, with lines left out or doubled, a number replaced, or a piece put in."""
    lines = text.splitlines()
    numbers = [match.span() for match in re.finditer(r'(?<![A-Za-z_])[\d.]+', text)]
    pieces = st.sampled_from(PIECES)
    places = st.integers(0, len(text))
    return st.one_of(
        places.map(lambda end: text[:end]),
        st.sets(st.integers(0, len(lines)), max_size=4).map(
            lambda left_out: '\n'.join(line for i, line in enumerate(lines) if i not in left_out)
        ),
        st.tuples(st.sampled_from(numbers), pieces).map(
            lambda change: text[: change[0][0]] + change[1] + text[change[0][1] :]
        ),
        st.tuples(places, pieces).map(lambda change: f'{text[: change[0]]} {change[1]} {text[change[0] :]}'),
        st.tuples(places, st.integers(1, 40)).map(lambda cut: text[: cut[0]] + text[cut[0] + cut[1] :]),
    )


texts = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(st.sampled_from(PIECES), st.just('\n')), max_size=60).map(' '.join),
    *(variants(text) for text in FILES.values()),
)


@settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=texts)
def test_any_content_gives_a_configuration_or_our_own_error(tmp_path, content):
    path = tmp_path / 'fuzz.cfg'
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        config = read_radar_config(path)
    except ConfigError as error:
        assert str(path) in str(error) and 'Error:' not in str(error)
    else:
        assert config.frame_bytes > 0 and config.range_resolution_m > 0


@pytest.mark.parametrize(
    'text',
    ['(' * 5000 + ' ar1.X()', '{' + '"a":{' * 5000, 'ar1.X()' + ' if a then' * 3000],
    ids=['brackets', 'json', 'blocks'],
)
def test_depth_is_an_error_of_ours(tmp_path, text):
    with pytest.raises(ConfigError, match='too deep'):
        read(tmp_path, text)


CASES = REPOSITORY.parent / 'shared' / 'cases' / 'cfg'


@pytest.mark.parametrize(
    'name, expected',
    [
        ('xwr16xx_visualizer.cfg', dict(tx_positions=((0.0, 0.0), (4.0, 0.0)), num_lanes=2)),
        ('xwr14xx_visualizer.cfg', dict(num_lanes=4)),
        (
            'xwr68xx_aop.cfg',
            dict(
                zip(
                    ('tx_positions', 'rx_positions'),
                    (
                        ((0.0, 0.0), (2.0, -2.0), (0.0, -2.0)),
                        ((1.0, -1.0), (1.0, 0.0), (0.0, -1.0), (0.0, 0.0)),
                    ),
                )
            ),
        ),
        ('awr2944_two_tx.cfg', dict(frame_rate_hz=25.0, num_tx=2, num_samples=256, sampling='real')),
        ('iwrl6432_presence.cfg', 'low-power'),
        ('advanced_subframes.cfg', 'advFrameCfg and subFrameCfg'),
        ('inline_comments.cfg', dict(num_tx=3, num_loops=64)),
        (
            'openradar_style.lua',
            dict(num_samples=128, num_loops=128, tx_positions=((0.0, 0.0), (4.0, 0.0), (2.0, 1.0))),
        ),
        ('part_id_branches.lua', dict(num_samples=256, chirp_period_s=pytest.approx(160e-6), num_lanes=2)),
        ('zero_equals.lua', dict(num_loops=128, sampling='complex_2x', num_tx=1)),
        ('block_comment.lua', dict(num_samples=256, num_loops=128)),
        ('bom_first_line.cfg', dict(num_rx=2)),
        ('studio_bom.mmwave.json', dict(num_tx=3, num_loops=64, start_frequency_hz=pytest.approx(77.36e9))),
        ('awr2944_studio.lua', 'four transmitters'),
    ],
)
def test_files_that_came_out_wrong(name, expected):
    if not (CASES / name).is_file():
        pytest.skip(f'no example at {CASES / name}')
    if isinstance(expected, str):
        with pytest.raises(ConfigError, match=expected):
            read_radar_config(CASES / name)
    else:
        config = read_radar_config(CASES / name)
        assert {field: getattr(config, field) for field in expected} == expected
