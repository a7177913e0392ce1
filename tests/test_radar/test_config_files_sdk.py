import pytest

from mmradar.errors import ConfigError
from mmradar.radar import BOARDS, boards, read_radar_config
from mmradar.radar.config_files import antennas

FILE = """% Created for SDK ver:03.05
% Platform:xWR18xx
sensorStop
flushCfg
dfeDataOutputMode 1
channelCfg 15 7 0
adcCfg 2 1
adcbufCfg -1 0 0 1 1
lowPower 0 0
profileCfg 0 77 10 6 65 0 0 60 1 256 5000 0 0 30
chirpCfg 0 0 0 0 0 0 0 1
chirpCfg 1 1 0 0 0 0 0 2
chirpCfg 2 2 0 0 0 0 0 4
frameCfg 0 2 64 600 100 1 0
bpmCfg -1 0 0 1
lvdsStreamCfg -1 0 1 0
sensorStart
"""
TWO_TX = FILE.replace('chirpCfg 2 2 0 0 0 0 0 4\n', '').replace('frameCfg 0 2', 'frameCfg 0 1')
ISK = """antGeometry0 0 -1 -2 -3 -2 -3 -4 -5 -4 -5 -6 -7
antGeometry1 -1 -1 -1 -1 0 0 0 0 -1 -1 -1 -1
"""
ODS = """antGeometry0 0 0 -1 -1 -2 -2 -3 -3 -2 -2 -3 -3
antGeometry1 0 -1 -1 0 0 -1 -1 0 -2 -3 -3 -2
"""
AT_60_GHZ = FILE.replace('% Platform:xWR18xx\n', '').replace('0 77 10', '0 60 10')


def read(tmp_path, text, board=None, name='profile.cfg'):
    path = tmp_path / name
    path.write_text(text)
    return read_radar_config(path, board)


def positions(name, num_tx=3):
    return (BOARDS[name].tx_positions[:num_tx], BOARDS[name].rx_positions) if name else (None, None)


@pytest.mark.parametrize(
    'text, platform, board',
    [
        (TWO_TX, 'xWR16xx', 'xWR1642'),
        (TWO_TX, ' IWR1642BOOST', 'xWR1642'),
        (TWO_TX, 'xWR18xx', 'xWR1843'),
        (FILE, 'xWR14xx', 'xWR1443'),
        (FILE, 'xWR18xx_AOP', 'xWR1843AOP'),
        (AT_60_GHZ, 'xWR68xx', 'xWR6843ISK'),
        (AT_60_GHZ, 'xWR68xx_AOP', 'xWR6843AOP'),
        (AT_60_GHZ, 'xWR64xx_AOP', 'xWR6843AOP'),
        (AT_60_GHZ, 'xWR68xx AOP', 'xWR6843AOP'),
        (AT_60_GHZ, 'xWR68xx_ODS', 'xWR6843ODS'),
        (AT_60_GHZ, '', None),
        (AT_60_GHZ, 'ours', None),
        (FILE, 'ours', 'xWR1843'),
        (FILE, 'AWR294X', None),
    ],
)
def test_antennas_stand_where_the_platform_has_them(tmp_path, text, platform, board):
    config = read(tmp_path, text.replace('% Platform:xWR18xx\n', '') + f'% Platform:{platform}\n')
    assert (config.tx_positions, config.rx_positions) == positions(board, config.num_tx)


def test_a_file_that_names_no_board_is_read_where_it_makes_no_difference(tmp_path):
    """Transmitter 3 in use: no 1642. One transmitter: in a row with four receivers, as on all of them."""
    unnamed = FILE.replace('% Platform:xWR18xx\n', '')
    config = read(tmp_path, unnamed)
    assert (config.tx_positions, config.rx_positions) == positions('xWR1843')
    assert read(tmp_path, unnamed.replace('frameCfg 0 2', 'frameCfg 0 0')).tx_positions == ((0.0, 0.0),)
    with pytest.raises(ConfigError, match=r'the positions of TX1 and TX2 differ between xWR1843, xWR1642; name the bo'):
        read(tmp_path, TWO_TX.replace('% Platform:xWR18xx\n', ''))
    config = read(tmp_path, TWO_TX.replace('% Platform:xWR18xx\n', ''), 'xWR1642')
    assert config.tx_positions == ((0.0, 0.0), (4.0, 0.0))


@pytest.mark.parametrize('name', ['area_68xx_AOP.cfg', 'ods_default.cfg', 'profile_6843ODS_6m.cfg'])
def test_a_file_called_aop_or_ods_is_not_one_for_a_board_without_them(tmp_path, name):
    """TI's own files for these boards often name the chip alone."""
    config = read(tmp_path, AT_60_GHZ + '% Platform:xWR68xx\n', name=name)
    assert config.tx_positions is None and config.rx_positions is None
    assert read(tmp_path, FILE, name=name.replace('ods', 'aop').replace('ODS', '_AOP')).tx_positions is None
    with pytest.raises(ConfigError, match='differ between xWR1843, xWR1843AOP'):
        read(tmp_path, FILE.replace('% Platform:xWR18xx\n', ''), name=name)
    for harmless in ('methods.cfg', 'gaop1.cfg'):
        assert read(tmp_path, FILE, name=harmless).tx_positions == BOARDS['xWR1843'].tx_positions


@pytest.mark.parametrize(
    'word',
    ['IWR6843AOPEVM', 'iwr6843aopevm', 'ISKODS', 'IWR6843ISKODS', 'xWR68xxODS', 'aopevm', 'profileAop', 'myODSBoard'],
)
def test_aop_or_ods_in_a_longer_name_is_found(tmp_path, word):
    text = AT_60_GHZ + '% Platform:xWR68xx\n'
    assert read(tmp_path, text, name=f'{word}.cfg').tx_positions is None
    assert read(tmp_path, f'{text}% for {word}\n').tx_positions is None
    assert read(tmp_path, f'% {word} 1\n{text}').rx_positions is None


@pytest.mark.parametrize('name', ['AWR1843AOPEVM', 'awr1843aopevm', '18xxAOP'])
def test_an_1843_aop_is_no_1843(tmp_path, name):
    assert read(tmp_path, FILE, name=f'{name}.cfg').tx_positions is None


@pytest.mark.parametrize('word', ['methods', 'Periods', 'METHODS', 'periods_2', 'dataOptions', 'dataoptions', 'ISK'])
def test_words_that_hold_aop_or_ods_by_chance_name_no_board(tmp_path, word):
    text = f'{AT_60_GHZ}% Platform:xWR68xx\n% {word}\n'
    assert read(tmp_path, text, name=f'{word}.cfg').tx_positions == BOARDS['xWR6843ISK'].tx_positions


def test_the_board_of_a_platform_is_not_the_first_of_a_list(tmp_path, monkeypatch):
    backwards = dict(reversed(BOARDS.items()))
    for module in (boards, antennas):
        monkeypatch.setattr(module, 'BOARDS', backwards)
    for text, platform, board in ((FILE, 'xWR18xx', 'xWR1843'), (AT_60_GHZ, 'xWR68xx', 'xWR6843ISK')):
        config = read(tmp_path, text.replace('% Platform:xWR18xx\n', '') + f'% Platform:{platform}\n')
        assert (config.tx_positions, config.rx_positions) == positions(board)


@pytest.mark.parametrize('lines, board', [(ISK, 'xWR6843ISK'), (ODS, 'xWR6843ODS')])
@pytest.mark.parametrize('platform', ['', '% Platform:xWR68xx\n', '% Platform:xWR68xx_AOP\n'])
def test_antennas_stand_where_antgeometry_lines_say(tmp_path, lines, board, platform):
    config = read(tmp_path, platform + AT_60_GHZ + lines)
    assert (config.tx_positions, config.rx_positions) == positions(board)
    two = read(tmp_path, AT_60_GHZ.replace('frameCfg 0 2', 'frameCfg 0 1') + lines)
    assert (two.tx_positions, two.rx_positions) == positions(board, 2)
    assert read(tmp_path, AT_60_GHZ + lines, 'xWR6843AOP').tx_positions == BOARDS['xWR6843AOP'].tx_positions


@pytest.mark.parametrize(
    'text, message',
    [
        (AT_60_GHZ + ISK.splitlines()[0], 'must name the same virtual antennas'),
        (AT_60_GHZ + ISK.replace(' -7', ' -8'), 'describe no array of transmitters with the same receivers'),
        (
            AT_60_GHZ.replace('0 0 2\n', '0 0 8\n').replace('0 0 4\n', '0 0 2\n').replace('0 0 8\n', '0 0 4\n') + ISK,
            'TX 1, 3, 2',
        ),
        (
            AT_60_GHZ.replace('channelCfg 15', 'channelCfg 7') + ISK,
            'do not say which of them belong to TX 1, 2, 3 with 3',
        ),
    ],
)
def test_antgeometry_lines_that_cannot_be_told(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize(
    'old, new, field, value',
    [
        ('xWR18xx', 'xWR14xx', 'num_lanes', 4),
        ('% Platform:xWR18xx\n', '', 'num_lanes', 2),
        ('adcCfg 2 1\nadcbufCfg -1 0 0 1 1', 'adcCfg 2 1\nadcbufCfg -1 0 1 1 1', 'iq_order', 'QQII'),
        ('adcbufCfg -1 0 0 1 1', 'adcbufCfg 0 1 1 1', 'iq_order', 'QQII'),  # the SDK's first versions
        ('adcCfg 2 1\nadcbufCfg -1 0 0 1 1', 'adcCfg 2 0\nadcbufCfg -1 1 1 1 1', 'sampling', 'real'),
        ('adcCfg 2 1\nadcbufCfg -1 0 0 1 1', 'adcbufCfg -1 1 0 1 1', 'sampling', 'real'),
        ('adcCfg 2 1', 'adcCfg 2 2', 'sampling', 'complex_2x'),
        ('lvdsStreamCfg -1 0 1 0', 'lvdsStreamCfg -1 1 1 0', 'header_bytes', 64),
        ('channelCfg 15', 'channelCfg 0x5', 'num_rx', 2),
        ('channelCfg 15 7 0', 'CHANNELCFG\t5   7\t0', 'num_rx', 2),
        ('frameCfg 0 2 64 600 100 1 0', 'frameCfg 0 2 64 600 50 1 0 % 20 Hz', 'frame_rate_hz', 20.0),
        ('frameCfg 0 2 64 600 100 1 0', 'frameCfg 0 2 32 0 256 40 1 0', 'frame_rate_hz', 25.0),
        ('1 256 5000 0 0 30', '1 256 4.5e3 0 0 30 # counts', 'sample_rate_hz', 4.5e6),
        ('sensorStart', 'flushCfg\nprofileCfg 1 77 9 6 65 0 0 60 1 64 5000 0 0 30\nchirpCfg 0 0 1 0 0 0 0 4\n'
         'frameCfg 0 0 8 0 100 1 0', 'num_samples', 64),
    ],
)  # fmt: skip
def test_what_a_line_says_is_read(tmp_path, old, new, field, value):
    assert FILE.count(old) == 1
    assert getattr(read(tmp_path, FILE), field) != value or not new
    assert getattr(read(tmp_path, FILE.replace(old, new)), field) == value


@pytest.mark.parametrize(
    'old, new, message',
    [
        ('adcCfg 2 1\n', '', r'does not set the kind of its complex samples \(adcCfg\)'),
        ('adcbufCfg -1 0 0 1 1\n', '', r'does not set the order of I and Q \(adcbufCfg\)'),
        ('adcCfg 2 1', 'adcCfg 2 0', r'are real \(adcCfg\), but the samples it sends are complex \(adcbufCfg\)'),
        ('adcCfg 2 1', 'adcCfg 2 7', 'must be one of 0, 1, 2, 3, found 7'),
        ('adcbufCfg -1 0 0 1 1', 'adcbufCfg -1 0 0 0 1', 'its receivers are interleaved on two lanes'),
        ('dfeDataOutputMode 1', 'dfeDataOutputMode 2', 'line 5, dfeDataOutputMode: continuous streaming'),
        ('dfeDataOutputMode 1', 'dfeDataOutputMode 1\nadvFrameCfg 1 0 0 1 0', 'only frames of one kind are supported'),
        ('frameCfg 0 2 64 600 100 1 0', 'advFrameCfg 1 0 0 1 0\nsubFrameCfg 0 0 0 3 32 100 0 1 1 100',
         r'sub-frames \(advFrameCfg and subFrameCfg\)'),
        ('bpmCfg -1 0', 'bpmCfg -1 1', 'line 15, bpmCfg: binary phase modulation'),
        ('0 0 0 2\n', '0 0 0 3\n', 'several at once mean beamforming or BPM'),
        ('0 0 0 2\n', '0 0 0 2 0 0\n', 'line 12, chirpCfg: 8 numbers expected, 10 found'),
        ('lvdsStreamCfg -1 0 1 0', 'lvdsStreamCfg -1 0 4 0', 'sends more than samples'),
        ('lvdsStreamCfg -1 0 1 0', 'lvdsStreamCfg -1 1 1 1', 'sends more than samples'),
        ('channelCfg 15', 'channelCfg 0', 'mask of receivers must be 1 to 15, found 0'),
        ('channelCfg 15', 'channelCfg 31', 'mask of receivers must be 1 to 15, found 31'),
        ('channelCfg 15', 'channelCfg 1.5', 'line 6, channelCfg: 1.5 must be a whole number'),
        ('frameCfg 0 2 64', 'frameCfg 0 2 64.5', 'line 14, frameCfg: 64.5 must be a whole number'),
        ('frameCfg 0 2 64 600 100 1 0', 'frameCfg 0 2 64 0 128 40 1 0', '128 samples, but another number in'),
        ('0 77 10 6 65 0 0 60 1 256', '0 77 10 6 65 0 0 0 0 0 0 60 0 256', '11 to 15 numbers expected, 18 found'),
        ('0 77 10', '0 7_7 10', "'7_7' is not a number"),
        ('xWR18xx', 'xWR68xx', 'is for xWR68xx, which does not reach 77 GHz'),
        ('xWR18xx', 'xWRL64xx', 'xWRL64xx is a low-power radar'),
        ('xWR18xx', 'xWR16xx', 'must have one of 2 transmitters on'),
        ('profileCfg', 'chirpTimingCfg 6 32 0 40 60.5\nprofileCfg', 'line 10, chirpTimingCfg: the command set'),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named(tmp_path, old, new, message):
    assert FILE.count(old) == 1
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, FILE.replace(old, new))


def test_receivers_interleaved_on_four_lanes(tmp_path):
    """The form of the xWR14xx, which a file without a platform shows by its adcbufCfg."""
    config = read(
        tmp_path, FILE.replace('% Platform:xWR18xx\n', '').replace('adcbufCfg -1 0 0 1 1', 'adcbufCfg 0 1 0 1')
    )
    assert (config.num_lanes, config.iq_order) == (4, 'QQII')


def test_real_samples_have_no_order_of_i_and_q(tmp_path):
    for swap in (0, 1):
        text = FILE.replace('adcCfg 2 1', 'adcCfg 2 0').replace('adcbufCfg -1 0 0', f'adcbufCfg -1 1 {swap}')
        config = read(tmp_path, text)
        assert (config.sampling, config.iq_order) == ('real', 'IIQQ')
