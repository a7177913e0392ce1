import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_radar.studio_files import exported_profile

from mmradar.errors import ConfigError
from mmradar.radar import read_radar_config


def document():
    """What mmWave Studio exports for one device, without what is not read."""
    chirps = [
        dict(chirpStartIdx=i, chirpEndIdx=i, profileId=0, startFreqVar_MHz=0.0, txEnable=hex(mask))
        for i, mask in enumerate((1, 4, 2))
    ]
    rf = dict(
        waveformType='legacyFrameChirp',
        rlChanCfg_t=dict(rxChannelEn='0x3', txChannelEn='0x7'),
        rlAdcOutCfg_t=dict(fmt=dict(b2AdcBits=2, b8FullScaleReducFctr=0, b2AdcOutFmt=2)),
        rlProfiles=[dict(rlProfileCfg_t=exported_profile())],
        rlChirps=[dict(rlChirpCfg_t=chirp) for chirp in chirps],
        rlFrameCfg_t=dict(chirpStartIdx=0, chirpEndIdx=2, numLoops=64, numFrames=600, framePeriodicity_msec=100.0),
        rlBpmChirps=[dict(rlBpmChirpCfg_t=dict(chirpStartIdx=0, chirpEndIdx=0, constBpmVal='0x0'))],
    )
    capture = dict(
        rlDevDataFmtCfg_t=dict(iqSwapSel=1, chInterleave=0),
        rlDevDataPathCfg_t=dict(transferFmtPkt0='0x1'),
        rlDevLaneEnable_t=dict(laneEn='0x3'),
    )
    device = dict(mmWaveDeviceId=0, rfConfig=rf, rawDataCaptureConfig=capture)
    return dict(configGenerator=dict(createdBy='mmWaveStudio'), mmWaveDevices=[device])


def read(tmp_path, value):
    path = tmp_path / 'capture.mmwave.json'
    path.write_text(json.dumps(value))
    return read_radar_config(path)


def places(value, path=()):
    """The way to every part of a document."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(part, (dict, list)):
            yield from places(part, (*path, key))


def changed(path, new=None, remove=False):
    whole = part = document()
    for key in path[:-1]:
        part = part[key]
    if remove:
        del part[path[-1]]
    else:
        part[path[-1]] = new
    return whole


def way(text):
    return tuple(int(word) if word.isdigit() else word for word in text.split('.'))


RF = 'mmWaveDevices.0.rfConfig'
CAPTURE = 'mmWaveDevices.0.rawDataCaptureConfig'


def test_all_that_it_says_is_read(tmp_path):
    config = read(tmp_path, document())
    assert config.frame_shape == (6, 64, 256)
    assert config.tx_positions == ((0.0, 0.0), (4.0, 0.0), (2.0, 1.0))
    assert (config.sampling, config.iq_order, config.num_lanes) == ('complex_2x', 'QQII', 2)


def test_a_list_of_one_may_be_that_one(tmp_path):
    """As MATLAB writes what it has read."""
    value = document()
    value['mmWaveDevices'] = device = value['mmWaveDevices'][0]
    for name in ('rlProfiles', 'rlBpmChirps'):
        device['rfConfig'][name] = device['rfConfig'][name][0]
    assert read(tmp_path, value) == read(tmp_path, document())


# what a recording's layout is without, and what is not read at all
LAYOUT = (
    'rlAdcOutCfg_t',
    'fmt',
    'b2AdcBits',
    'rawDataCaptureConfig',
    'rlDevDataFmtCfg_t',
    'iqSwapSel',
    'rlDevLaneEnable_t',
)
NOT_READ = ('configGenerator', 'createdBy', 'mmWaveDeviceId', 'waveformType', 'txChannelEn', 'b8FullScaleReducFctr')
NOT_READ += ('startFreqVar_MHz', 'numFrames', 'rlBpmChirps', 'constBpmVal', 'chInterleave', 'rlDevDataPathCfg_t')
NOT_READ += ('transferFmtPkt0',)


@pytest.mark.parametrize('path', list(places(document())), ids=lambda path: '.'.join(map(str, path)))
def test_each_part_that_is_missing_empty_or_of_another_type_is_named(tmp_path, path):
    for value in (changed(path, remove=True), *(changed(path, new) for new in (None, [], {}, '', 'x', [[]], True))):
        try:
            config = read(tmp_path, value)
        except ConfigError as error:
            assert "cannot be understood as mmWave Studio's JSON" in str(error) or 'takes chirps 0 to 2' in str(error)
        else:
            assert {*map(str, path)} & {*LAYOUT, *NOT_READ}, value
            if not {*map(str, path)} & set(LAYOUT):
                assert config == read(tmp_path, document())


@pytest.mark.parametrize(
    'path, new, message',
    [
        ('mmWaveDevices', [], "cannot be understood as mmWave Studio's JSON: the document has no mmWaveDevices"),
        ('mmWaveDevices', [{}], r'the document.mmWaveDevices\[0\] has no rfConfig'),
        ('mmWaveDevices', 'none', r"mmWaveDevices\[0\] must be an object, found 'none'"),
        ('mmWaveDevices', [{}, {}], 'mmWaveDevices has 2 devices, a cascade; only one is supported'),
        (f'{RF}.rlProfiles', [], r'rfConfig has no rlProfiles'),
        (f'{RF}.rlProfiles.0.rlProfileCfg_t.numAdcSamples', 'many', "numAdcSamples must be a number, found 'many'"),
        (f'{RF}.rlProfiles.0.rlProfileCfg_t.numAdcSamples', float('nan'), 'numAdcSamples must be a number, found nan'),
        (f'{RF}.rlProfiles.0.rlProfileCfg_t.profileId', 0.5, '0.5 must be a whole number'),
        (f'{RF}.rlProfiles.0.rlProfileCfg_t.profileId', 3, 'use profile 0, which is not set'),
        (f'{RF}.rlChirps', [], 'rfConfig has no rlChirps'),
        (f'{RF}.rlChirps.1.rlChirpCfg_t.txEnable', '0x5', 'beamforming or BPM'),
        (f'{RF}.rlChirps.1.rlChirpCfg_t.startFreqVar_MHz', 1.0, 'depart from their profile'),
        (f'{RF}.rlChirps.1.rlChirpCfg_t.chirpEndIdx', 1e9, 'a radar has 0 to 511'),
        (f'{RF}.rlBpmChirps.0.rlBpmChirpCfg_t.constBpmVal', '0x2', 'binary phase modulation'),
        (f'{RF}.rlAdcOutCfg_t.fmt.b2AdcBits', 0, 'samples of 12 bits; only 16 bits are supported'),
        (f'{RF}.rlChanCfg_t.rxChannelEn', '0x0', 'mask of receivers must be 1 to 15'),
        (f'{RF}.waveformType', 'advancedFrameChirp', r'sub-frames \(rlAdvFrameCfg_t, like advFrameCfg and subFrameCfg'),
        (f'{RF}.waveformType', 'continuousWave', 'waveformType is continuousWave; only frames of chirps are supported'),
        (f'{RF}.rlFrameCfg_t', None, 'rfConfig has no rlFrameCfg_t'),
        (f'{CAPTURE}.rlDevDataPathCfg_t.transferFmtPkt0', '0x9', 'more than samples; only samples alone are supported'),
        (f'{CAPTURE}.rlDevLaneEnable_t.laneEn', '0x1', 'num_lanes must be one of 2, 4, found 1'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path, path, new, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, changed(way(path), new))


@pytest.mark.parametrize(
    'value, message',
    [
        ({}, "expected mmWave Studio's JSON or fields of RadarConfig"),
        ({'configGenerator': {}}, 'the document has no mmWaveDevices'),
        (
            {'configUsed': 'radar.mmwave.json', 'createdBy': 'x'},
            "setup of a capture; the radar is configured in 'radar.mmwave.json'",
        ),
    ],
)
def test_documents_without_a_radar(tmp_path, value, message):
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, value)


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(['0x3', '0xFF', [{}], {'': 0}]),
)


@settings(max_examples=100, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(list(places(document()))), new=values)
def test_any_value_in_any_place_gives_a_configuration_or_our_own_error(tmp_path, path, new):
    try:
        config = read(tmp_path, changed(path, new))
    except ConfigError as error:
        assert 'Error:' not in str(error)
    else:
        assert config.frame_bytes > 0
