"""Reader of command files of the mmWave SDK's demos (``.cfg``)."""

from __future__ import annotations

import re
from collections.abc import Callable

from mmradar.errors import ConfigError
from mmradar.radar.config_files.settings import Profile, Settings, numbers, whole

_CONTINUOUS, _SUB_FRAMES = 2, 3  # dfeDataOutputMode
_ADC_DATA = (0, 1)  # lvdsStreamCfg: no data, or samples alone


def _channel(settings: Settings, words: list[str]) -> None:
    settings.rx_mask = whole(numbers(words, 2)[0])


def _adc(settings: Settings, words: list[str]) -> None:
    settings.set_format(*numbers(words, 2)[:2])


def _adc_buffer(settings: Settings, words: list[str]) -> None:
    # counted from the end: the SDK's first versions have no sub-frame number in front
    real, swap, non_interleaved, _ = numbers(words, 4)[-4:]
    settings.buffers_real = real == 1
    settings.q_first = swap == 1  # Q is then in the lower half of each word
    settings.interleaved = not non_interleaved


def _lvds_stream(settings: Settings, words: list[str]) -> None:
    _, headers, data, *software = numbers(words, 3)
    if data not in _ADC_DATA or any(software):
        raise ValueError(
            'the board sends more than samples (chirp profiles, processing results); only samples are supported'
        )
    settings.headers = headers == 1


def _profile(settings: Settings, words: list[str]) -> None:
    n = numbers(words, 11, 15)
    settings.set_profile(
        n[0], Profile(n[1] * 1e9, n[2] * 1e-6, n[3] * 1e-6, n[4] * 1e-6, n[7] * 1e12, n[9], n[10] * 1e3)
    )


def _chirp(settings: Settings, words: list[str]) -> None:
    n = numbers(words, 8, 8)
    first, last, profile = n[:3]
    settings.set_chirps(first, last, profile, n[7], varies=any(n[3:7]))


def _frame(settings: Settings, words: list[str]) -> None:
    n = numbers(words, 5)
    if len(n) >= 8:  # form of the SDK for the AWR294x: the fifth number is samples
        settings.chips = ['AWR294x']
        samples = n.pop(4)
        if any(profile.samples != samples for profile in settings.profiles.values()):
            raise ValueError(f'{samples:g} samples, but another number in profileCfg')
    first, last, loops = n[:3]
    settings.set_frame(first, last, loops, n[4] * 1e-3)


def _output_mode(settings: Settings, words: list[str]) -> None:
    mode = numbers(words, 1)[0]
    if mode == _CONTINUOUS:
        raise ValueError('continuous streaming has no chirps; only frames of chirps are supported')
    settings.sub_frames = _SUB_FRAMES_WORDS if mode == _SUB_FRAMES else ''


def _sub_frame(settings: Settings, words: list[str]) -> None:
    settings.sub_frames = _SUB_FRAMES_WORDS


def _bpm(settings: Settings, words: list[str]) -> None:
    if numbers(words, 2)[1]:
        raise ValueError('binary phase modulation (BPM) is on; only time division is supported')


def _flush(settings: Settings, words: list[str]) -> None:
    settings.forget_chirps()


def _low_power(settings: Settings, words: list[str]) -> None:
    raise ValueError('the command set of low-power radars (such as xWRL6432) is not supported')


def _antenna_line(index: int) -> Callable[[Settings, list[str]], None]:
    def read(settings: Settings, words: list[str]) -> None:
        settings.antenna_lines[index] = numbers(words, 1)

    return read


_SUB_FRAMES_WORDS = 'advFrameCfg and subFrameCfg'
_COMMANDS: dict[str, Callable[[Settings, list[str]], None]] = {
    'channelCfg': _channel,
    'adcCfg': _adc,
    'adcbufCfg': _adc_buffer,
    'lvdsStreamCfg': _lvds_stream,
    'profileCfg': _profile,
    'chirpCfg': _chirp,
    'frameCfg': _frame,
    'dfeDataOutputMode': _output_mode,
    'advFrameCfg': _sub_frame,
    'subFrameCfg': _sub_frame,
    'bpmCfg': _bpm,
    'flushCfg': _flush,
    'antGeometry0': _antenna_line(0),
    'antGeometry1': _antenna_line(1),
    'chirpComnCfg': _low_power,
    'chirpTimingCfg': _low_power,
}
_BY_LOWER_CASE = {name.lower(): (name, read) for name, read in _COMMANDS.items()}
_PLATFORM = re.compile(r'\s*[%#]\s*Platform\s*[:=]\s*(.+)', re.IGNORECASE)
_COMMENT = re.compile(r'[%#]|//')


def is_sdk_file(text: str) -> bool:
    """Return whether a line of the text begins with a command of the SDK."""
    return any(line.split(maxsplit=1)[0].lower() in _BY_LOWER_CASE for line in text.splitlines() if line.strip())


def read_sdk_file(text: str) -> Settings:
    """Read the settings of a command file, whose units are GHz, us, MHz/us, ksps and ms.

    Raises:
        ConfigError: A command has the wrong numbers or asks for something that is not supported (with its line); or
            only one of ``adcCfg`` and ``adcbufCfg`` is there.
    """
    settings = Settings()
    for number, line in enumerate(text.splitlines(), 1):
        if platform := _PLATFORM.match(line):
            settings.platform = platform[1].strip()
        words = _COMMENT.split(line, maxsplit=1)[0].split()
        if not words or words[0].lower() not in _BY_LOWER_CASE:
            continue
        name, read = _BY_LOWER_CASE[words[0].lower()]
        try:
            read(settings, words[1:])
        except (ValueError, OverflowError) as error:
            raise ConfigError(f'line {number}, {name}: {error}') from None
    _check_format(settings)
    return settings


def _check_format(settings: Settings) -> None:
    """Raise if only one of ``adcCfg`` and ``adcbufCfg`` is there: an excerpt may leave out both, but not one."""
    if settings.sampling in (1, 2) and settings.buffers_real is None:
        raise ConfigError('does not set the order of I and Q (adcbufCfg)')
    if settings.sampling is None and settings.buffers_real is False:
        raise ConfigError('does not set the kind of its complex samples (adcCfg)')
