"""Radar configurations as TI's tools write them: mmWave SDK ``.cfg``, mmWave Studio Lua, log and JSON.

All four say the same in other words and units: which antennas, one profile (ramp, samples), which transmitter fires in
which chirp, and how many loops a frame. A reader brings them to ``_Settings``; what follows is the same for all.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmradar.errors import ConfigError
from mmradar.radar.config import RadarConfig

_MOST_BYTES = 16 * 2**20  # of a configuration; a recording given by mistake is not read
_SAMPLINGS = {0: 'real', 1: 'complex_1x', 2: 'complex_2x', 3: 'real'}  # 3: pseudo real
_SDK_HEADER_BYTES = 64
# Along and across the array, in half wavelengths, of TI's boards with antennas on the circuit board (IWR1443, 1642,
# 1843, 6843ISK); a 1642 has only the first and, at its place, the third.
_TX_PLACES = {'default': ((0.0, 0.0), (2.0, 1.0), (4.0, 0.0)), '1642': ((0.0, 0.0), (4.0, 0.0))}


@dataclass
class _Profile:
    start_hz: float
    idle_s: float
    adc_start_s: float
    ramp_s: float
    slope_hz_per_s: float
    samples: float
    rate_hz: float


@dataclass
class _Settings:
    """What a file says, the last word of each kind."""

    profiles: dict[int, _Profile] = field(default_factory=dict)
    chirps: dict[int, tuple[int, int]] = field(default_factory=dict)  # index -> (profile, mask of transmitters)
    frame: tuple[int, int, int, float] | None = None  # first and last chirp, loops, period in s
    rx_mask: int = 0b1111
    chip: str = ''
    sampling: int = 1  # TI's number: 0 real, 1 complex 1x, 2 complex 2x
    lane_mask: int = 0  # 0: as the chip has them
    q_first: bool = False
    headers: bool = False

    def set_chirps(self, first: int, last: int, profile: int, mask: int) -> None:
        if not 0 <= first <= last < 512:
            raise ValueError(f'chirps {first} to {last}; a radar has 0 to 511')
        self.chirps |= {index: (profile, mask) for index in range(first, last + 1)}


def _numbers(words: list[str], least: int) -> list[float]:
    if len(words) < least:
        raise ValueError(f'{least} numbers expected, {len(words)} found')
    numbers = [float(int(word, 16)) if re.fullmatch(r'0[xX][0-9a-fA-F]+', word) else float(word) for word in words]
    if not all(map(math.isfinite, numbers)):
        raise ValueError('a number is not finite')
    return numbers


def _mask(switches: list[float]) -> int:
    return sum(int(switch != 0) << i for i, switch in enumerate(switches))


def _sdk_command(settings: _Settings, name: str, words: list[str]) -> None:
    """A line of an mmWave SDK ``.cfg``; units GHz, us, MHz/us, ksps, ms."""
    if name == 'channelCfg':
        settings.rx_mask = int(_numbers(words, 2)[0])
    elif name == 'adcCfg':
        settings.sampling = int(_numbers(words, 2)[1])
    elif name == 'adcbufCfg':
        settings.q_first = _numbers(words, 4)[-3] == 1  # the device then writes Q to the lower half of a word
    elif name == 'lvdsStreamCfg':
        settings.headers = _numbers(words, 3)[1] == 1
    elif name == 'profileCfg':
        n = _numbers(words, 11)
        settings.profiles[int(n[0])] = _Profile(
            n[1] * 1e9, n[2] * 1e-6, n[3] * 1e-6, n[4] * 1e-6, n[7] * 1e12, n[9], n[10] * 1e3
        )
    elif name == 'chirpCfg':
        n = _numbers(words, 8)
        settings.set_chirps(int(n[0]), int(n[1]), int(n[2]), int(n[7]))
    elif name == 'frameCfg':
        n = _numbers(words, 5)
        settings.frame = int(n[0]), int(n[1]), int(n[2]), n[4] * 1e-3


def _lua_command(settings: _Settings, name: str, words: list[str]) -> None:
    """A call ``ar1.<name>(...)`` of an mmWave Studio script; units as the SDK's, antennas one by one."""
    if name == 'ChanNAdcConfig':
        settings.rx_mask = _mask(_numbers(words[3:7], 4))
        n = _numbers(words[7:], 3) if len(words) >= 10 else (2, 1, 0)  # bits, sampling, Q first
        settings.sampling, settings.q_first = int(n[1]), n[2] == 1
    elif name in ('LVDSLaneConfig', 'LvdsLaneConfig') and len(words) >= 5:
        settings.lane_mask = _mask(_numbers(words[1:5], 4))
    elif name == 'ProfileConfig':
        n = _numbers(words, 15)
        settings.profiles[int(n[0])] = _Profile(
            n[1] * 1e9, n[2] * 1e-6, n[3] * 1e-6, n[4] * 1e-6, n[11] * 1e12, n[13], n[14] * 1e3
        )
    elif name == 'ChirpConfig':
        n = _numbers(words, 8)
        settings.set_chirps(int(n[0]), int(n[1]), int(n[2]), _mask(n[7:10]))
    elif name == 'FrameConfig':
        n = _numbers(words, 5)
        settings.frame = int(n[0]), int(n[1]), int(n[3]), n[4] * 1e-3
    elif name == 'SelectChipVersion' and words:
        settings.chip = words[0].strip('"\'')


def _log_command(settings: _Settings, name: str, words: list[str]) -> None:
    """A line ``API:<name>,...`` of an mmWave Studio log; the device's own integers, 10 ns and 5 ns of time.

    A step of frequency is 3.6 GHz / 2^26 and one of slope 48.28 kHz/us at 77 GHz, 2.7 GHz / 2^26 and 36.21 at 60 GHz.
    """
    at_60_ghz = re.search(r'(?<!\d)6\d{3}', settings.chip) is not None
    hz = (2.7e9 if at_60_ghz else 3.6e9) / 2**26
    hz_per_s = 900e6 * hz
    if name == 'select_chip_version' and words:
        settings.chip = words[0]
    elif name == 'ChannelConfig':
        settings.rx_mask = int(_numbers(words, 2)[1])
    elif name == 'AdcOutConfig':
        settings.sampling = int(_numbers(words, 2)[1])
    elif name == 'DataFmtConfig':
        settings.q_first = _numbers(words, 4)[3] == 1
    elif name == 'LaneConfig':
        settings.lane_mask = int(_numbers(words, 1)[0])
    elif name == 'ProfileConfig':
        n = _numbers(words, 11)
        settings.profiles[int(n[0])] = _Profile(
            n[1] * hz, n[2] * 1e-8, n[3] * 1e-8, n[4] * 1e-8, n[7] * hz_per_s, n[9], n[10] * 1e3
        )
    elif name == 'ChirpConfig':
        n = _numbers(words, 8)
        settings.set_chirps(int(n[0]), int(n[1]), int(n[2]), int(n[7]))
    elif name == 'FrameConfig':
        n = _numbers(words, 5)
        settings.frame = int(n[0]), int(n[1]), int(n[3]), n[4] * 5e-9


def _studio_json(document: Mapping[str, Any]) -> _Settings:
    """mmWave Studio's exported ``.mmwave.json``, its first device."""
    settings = _Settings()
    rf = document['mmWaveDevices'][0]['rfConfig']
    if channel := rf.get('rlChanCfg_t'):
        settings.rx_mask = int(_numbers([str(channel['rxChannelEn'])], 1)[0])
    if output := (rf.get('rlAdcOutCfg_t') or {}).get('fmt'):
        settings.sampling = int(output['b2AdcOutFmt'])
    capture = document['mmWaveDevices'][0].get('rawDataCaptureConfig') or {}
    settings.q_first = int((capture.get('rlDevDataFmtCfg_t') or {}).get('iqSwapSel', 0)) == 1
    if lanes := (capture.get('rlDevLaneEnable_t') or {}).get('laneEn'):
        settings.lane_mask = int(_numbers([str(lanes)], 1)[0])
    for entry in rf['rlProfiles']:
        p = entry['rlProfileCfg_t']
        settings.profiles[int(p['profileId'])] = _Profile(
            float(p['startFreqConst_GHz']) * 1e9,
            float(p['idleTimeConst_usec']) * 1e-6,
            float(p['adcStartTimeConst_usec']) * 1e-6,
            float(p['rampEndTime_usec']) * 1e-6,
            float(p['freqSlopeConst_MHz_usec']) * 1e12,
            float(p['numAdcSamples']),
            float(p['digOutSampleRate']) * 1e3,
        )
    for entry in rf['rlChirps']:
        c = entry['rlChirpCfg_t']
        mask = int(_numbers([str(c['txEnable'])], 1)[0])
        settings.set_chirps(int(c['chirpStartIdx']), int(c['chirpEndIdx']), int(c['profileId']), mask)
    f = rf['rlFrameCfg_t']
    period_s = float(f['framePeriodicity_msec']) * 1e-3
    settings.frame = int(f['chirpStartIdx']), int(f['chirpEndIdx']), int(f['numLoops']), period_s
    return settings


# what a line of each kind looks like, and who reads it
_LINES: tuple[tuple[re.Pattern, str, Callable[[_Settings, str, list[str]], None]], ...] = (
    (re.compile(r'^[^%]*\bAPI:(\w+),(.*)$'), ',', _log_command),
    (re.compile(r'^\s*(?:if\s*\(?\s*)?ar1\.(\w+)\s*\(([^)]*)\)'), ',', _lua_command),
    (re.compile(r'^\s*((?:channel|profile|chirp|frame|adc|adcbuf|lvdsStream)Cfg)\s+(.*)$'), ' ', _sdk_command),
)


def _read_lines(text: str) -> _Settings:
    settings = _Settings()
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, separator, command in _LINES:
            if match := pattern.match(line):
                words = match[2].split() if separator == ' ' else [word.strip() for word in match[2].split(separator)]
                try:
                    command(settings, match[1], [word for word in words if word])
                except (ValueError, OverflowError) as error:
                    raise ConfigError(f'line {number}, {match[1]}: {error}') from None
                break
    return settings


def _radar(settings: _Settings) -> RadarConfig:
    missing = [
        name
        for name, there in (
            ('a profile', settings.profiles),
            ('a chirp', settings.chirps),
            ('a frame', settings.frame),
        )
        if not there
    ]
    if missing:
        raise ConfigError(f'says nothing of {" and ".join(missing)}')
    first, last, loops, period_s = settings.frame
    chirps = [settings.chirps.get(index) for index in range(first, min(last, first + 512) + 1)]
    if not chirps or None in chirps:
        raise ConfigError(f'its frame takes chirps {first} to {last}, but only {sorted(settings.chirps)} are set')
    if len({profile for profile, _ in chirps}) != 1:
        raise ConfigError(f'chirps {first} to {last} of its frame use different profiles; one is read')
    number = chirps[0][0]
    if number not in settings.profiles:
        raise ConfigError(f'its chirps use profile {number}, which is not set')
    places = next((places for chip, places in _TX_PLACES.items() if chip in settings.chip), _TX_PLACES['default'])
    masks = [mask for _, mask in chirps]
    if not all(mask in (1, 2, 4) and mask < 1 << len(places) for mask in masks):
        raise ConfigError(
            f'each chirp must have one of {len(places)} transmitters on, in time division; its masks are {masks}'
        )
    receivers = [i for i in range(4) if settings.rx_mask >> i & 1]
    profile = settings.profiles[number]
    if profile.samples != int(profile.samples) or period_s <= 0:
        raise ConfigError(f'{profile.samples:g} samples a chirp and a frame period of {period_s:g} s cannot be')
    lanes = settings.lane_mask.bit_count() or (4 if re.search(r'(?<!\d)1[24]\d\d', settings.chip) else 2)
    return RadarConfig(
        num_tx=len(chirps),
        num_rx=len(receivers),
        num_loops=loops,
        num_samples=int(profile.samples),
        start_frequency_hz=profile.start_hz + profile.slope_hz_per_s * profile.adc_start_s,
        slope_hz_per_s=profile.slope_hz_per_s,
        sample_rate_hz=profile.rate_hz,
        chirp_period_s=profile.idle_s + profile.ramp_s,
        frame_rate_hz=1 / period_s,
        tx_positions=tuple(places[mask.bit_length() - 1] for mask in masks),
        rx_positions=tuple((float(i), 0.0) for i in receivers),
        sampling=_SAMPLINGS.get(settings.sampling, f'number {settings.sampling}'),
        num_lanes=lanes,
        iq_order='QQII' if settings.q_first else 'IIQQ',
        header_bytes=_SDK_HEADER_BYTES if settings.headers else 0,
    )


def read_radar_config(path: str | Path) -> RadarConfig:
    """A radar's configuration from a file of TI's tools, or of our own.

    Read are: mmWave SDK ``.cfg``, mmWave Studio Lua scripts, logs and exported JSON, and JSON with fields of
    :class:`RadarConfig` (``preset`` may be one). Of what a file sets several times, the last counts. Each chirp must
    have one transmitter on (time division). How samples lie in the recording (real or complex, lanes, order of I and
    Q, headers) is read too; ``tools/inspect_adc.py`` tells whether a recording agrees. Antennas are those of TI's
    IWR1443, 1642, 1843 and 6843ISK boards.

    Args:
        path: The file. Its content decides what it is, not its name.

    Raises:
        FileNotFoundError: No such file.
        ConfigError: It is none of these, or says what no radar can do; with file and line.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no radar configuration at {path}')
    if path.stat().st_size > _MOST_BYTES:
        raise ConfigError(f'{path}: {path.stat().st_size:,} bytes are too many for a radar configuration')
    text = path.read_bytes().decode('utf-8', 'replace')
    try:
        if text.lstrip().startswith('{'):
            document = json.loads(text)
            return _radar(_studio_json(document)) if 'mmWaveDevices' in document else RadarConfig.build(document)
        return _radar(_read_lines(text))
    except ConfigError as error:
        raise ConfigError(f'{path}: {error}') from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise ConfigError(f'{path}: cannot be understood ({type(error).__name__}: {error})') from None
