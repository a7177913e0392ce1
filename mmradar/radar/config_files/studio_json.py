"""Reader of the ``.mmwave.json`` files that mmWave Studio exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmradar.errors import ConfigError
from mmradar.radar.config_files.settings import Profile, Settings, numbers, whole

_ADC_DATA = 1  # transferFmtPkt0: samples alone
_VARIATIONS = ('startFreqVar_MHz', 'freqSlopeVar_KHz_usec', 'idleTimeVar_usec', 'adcStartTimeVar_usec')


class _Part:
    """Object of the document, with its path for error messages."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, Mapping):
            raise ConfigError(f'{where} must be an object, found {_shown(value)}')
        self.fields, self.where = value, where

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def part(self, name: str) -> _Part:
        if name not in self:
            raise ConfigError(f'{self.where} has no {name}')
        return _Part(self.fields[name], f'{self.where}.{name}')

    def parts(self, name: str) -> list[_Part]:
        """Return the objects of a list with at least one element.

        MATLAB writes a list of one object as the object itself.
        """
        found = self.fields.get(name)
        found = found if isinstance(found, list) else [] if found is None else [found]
        if not found:
            raise ConfigError(f'{self.where} has no {name}')
        return [_Part(value, f'{self.where}.{name}[{i}]') for i, value in enumerate(found)]

    def number(self, name: str) -> float:
        value = self.fields.get(name)
        if value is None:
            raise ConfigError(f'{self.where} has no {name}')
        try:
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                raise ValueError('no number')
            return numbers([str(value)], 1)[0]
        except (ValueError, OverflowError):
            raise ConfigError(f'{self.where}.{name} must be a number, found {_shown(value)}') from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def is_studio_json(document: Mapping[str, Any]) -> bool:
    """Return whether a document is mmWave Studio's, or a part of one."""
    return any(name in document for name in ('mmWaveDevices', 'configGenerator', 'configUsed', 'rfConfig'))


def read_studio_json(document: Mapping[str, Any]) -> Settings:
    """Read the settings of a document with one device; units are in the names of its fields.

    Raises:
        ConfigError: A part is missing, has the wrong type, or asks for something that is not supported.
    """
    try:
        return _read(document)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"cannot be understood as mmWave Studio's JSON: {error}") from None


def _read(document: Mapping[str, Any]) -> Settings:
    if 'configUsed' in document and 'mmWaveDevices' not in document:
        raise ConfigError(f'it is the setup of a capture; the radar is configured in {_shown(document["configUsed"])}')
    devices = _Part(document, 'the document').parts('mmWaveDevices')
    if len(devices) > 1:
        raise ConfigError(f'mmWaveDevices has {len(devices)} devices, a cascade; only one is supported')
    device = devices[0]
    radio = device.part('rfConfig')
    settings = Settings()
    settings.rx_mask = whole(radio.part('rlChanCfg_t').number('rxChannelEn'))
    if 'rlAdcOutCfg_t' in radio:
        output = radio.part('rlAdcOutCfg_t').part('fmt')
        settings.set_format(output.number('b2AdcBits') if 'b2AdcBits' in output else 2, output.number('b2AdcOutFmt'))
    if 'rawDataCaptureConfig' in device:
        _read_capture(settings, device.part('rawDataCaptureConfig'))
    for entry in radio.parts('rlProfiles'):
        p = entry.part('rlProfileCfg_t')
        profile = Profile(
            p.number('startFreqConst_GHz') * 1e9,
            p.number('idleTimeConst_usec') * 1e-6,
            p.number('adcStartTimeConst_usec') * 1e-6,
            p.number('rampEndTime_usec') * 1e-6,
            p.number('freqSlopeConst_MHz_usec') * 1e12,
            p.number('numAdcSamples'),
            p.number('digOutSampleRate') * 1e3,
        )
        settings.set_profile(p.number('profileId'), profile)
    for entry in radio.parts('rlChirps'):
        c = entry.part('rlChirpCfg_t')
        varies = any(c.number(name) for name in _VARIATIONS if name in c)
        first, last, profile = map(c.number, ('chirpStartIdx', 'chirpEndIdx', 'profileId'))
        settings.set_chirps(first, last, profile, c.number('txEnable'), varies)
    if 'rlBpmChirps' in radio and radio.fields['rlBpmChirps']:
        for entry in radio.parts('rlBpmChirps'):
            bpm = entry.part('rlBpmChirpCfg_t')
            if 'constBpmVal' in bpm and bpm.number('constBpmVal'):
                raise ConfigError(f'{bpm.where}: binary phase modulation (BPM); only time division is supported')
    waveform = str(radio.fields.get('waveformType', ''))
    if 'adv' in waveform.lower() or ('rlAdvFrameCfg_t' in radio and 'rlFrameCfg_t' not in radio):
        settings.sub_frames = 'rlAdvFrameCfg_t, like advFrameCfg and subFrameCfg in SDK files'
        return settings
    if 'continuous' in waveform.lower():
        raise ConfigError(f'{radio.where}.waveformType is {waveform}; only frames of chirps are supported')
    f = radio.part('rlFrameCfg_t')
    first, last, loops = map(f.number, ('chirpStartIdx', 'chirpEndIdx', 'numLoops'))
    settings.set_frame(first, last, loops, f.number('framePeriodicity_msec') * 1e-3)
    return settings


def _read_capture(settings: Settings, capture: _Part) -> None:
    if 'rlDevDataFmtCfg_t' in capture and 'iqSwapSel' in (fmt := capture.part('rlDevDataFmtCfg_t')):
        settings.q_first = fmt.number('iqSwapSel') == 1
    if 'rlDevLaneEnable_t' in capture:
        settings.lane_mask = whole(capture.part('rlDevLaneEnable_t').number('laneEn'))
    if 'rlDevDataPathCfg_t' in capture and 'transferFmtPkt0' in (path := capture.part('rlDevDataPathCfg_t')):
        content = path.number('transferFmtPkt0')
        if content != _ADC_DATA:
            raise ConfigError(
                f'{path.where}.transferFmtPkt0 is {content:g}, more than samples; only samples alone are supported'
            )
