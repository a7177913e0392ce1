"""Reader of logs of mmWave Studio (``LogFile.txt``): lines ``API:Name,...`` with the device's own integers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from mmradar.errors import ConfigError
from mmradar.radar.boards import FAMILY_60_GHZ, Board, chip_family
from mmradar.radar.config_files.settings import Profile, Settings, numbers, whole

_LINE = re.compile(r'^[^%]*\bAPI:(\w+),(.*)$', re.MULTILINE)
# For each band: Hz a step of frequency, the band's limits with some room for rounding, and whether it is the band at
# 60 GHz. The step of slope in Hz/s is the step of frequency times 900e6.
_BANDS = ((3.6e9 / 2**26, (75.9e9, 81.1e9), False), (2.7e9 / 2**26, (59.9e9, 64.1e9), True))
_CHIRP_TICK_S, _FRAME_TICK_S = 1e-8, 5e-9


def _channels(settings: Settings, words: list[str]) -> None:
    settings.rx_mask = whole(numbers(words, 2)[1])


def _format(settings: Settings, words: list[str]) -> None:
    settings.set_format(*numbers(words, 2)[:2])


def _data(settings: Settings, words: list[str]) -> None:
    settings.q_first = numbers(words, 4)[3] == 1


def _lanes(settings: Settings, words: list[str]) -> None:
    settings.lane_mask = whole(numbers(words, 1)[0])


def _profile(settings: Settings, words: list[str]) -> None:
    n = numbers(words, 11)
    idle_s, adc_start_s, ramp_s = (ticks * _CHIRP_TICK_S for ticks in n[2:5])
    settings.set_profile(n[0], Profile(n[1], idle_s, adc_start_s, ramp_s, n[7], n[9], n[10] * 1e3))


def _chirp(settings: Settings, words: list[str]) -> None:
    n = numbers(words, 8)
    first, last, profile = n[:3]
    settings.set_chirps(first, last, profile, n[7], varies=any(n[3:7]))


def _frame(settings: Settings, words: list[str]) -> None:
    n = numbers(words, 5)
    settings.set_frame(n[0], n[1], n[3], n[4] * _FRAME_TICK_S)
    settings.sub_frames = ''


def _chip(settings: Settings, words: list[str]) -> None:
    settings.chips += words[:1]


def _sub_frames(settings: Settings, words: list[str]) -> None:
    settings.sub_frames = 'AdvanceFrameConfig, like advFrameCfg and subFrameCfg in SDK files'


_COMMANDS: dict[str, Callable[[Settings, list[str]], None]] = {
    'select_chip_version': _chip,
    'ChannelConfig': _channels,
    'AdcOutConfig': _format,
    'DataFmtConfig': _data,
    'LaneConfig': _lanes,
    'ProfileConfig': _profile,
    'ChirpConfig': _chirp,
    'FrameConfig': _frame,
    'AdvanceFrameConfig': _sub_frames,
    'AdvFrameConfig': _sub_frames,
}


def is_log(text: str) -> bool:
    """Return whether a line of the text is a line of such a log."""
    return _LINE.search(text) is not None


def read_log(text: str, board: Board | None = None) -> Settings:
    """Read the settings that are in effect at the end of a log.

    Args:
        text: The log.
        board: The board. If ``None``, the log must name a chip, or its frequency must fit only one band.

    Raises:
        ConfigError: A line has the wrong numbers, or asks for something that is not supported (with its number).
    """
    settings = Settings()
    for number, line in enumerate(text.splitlines(), 1):
        if not (match := _LINE.match(line)) or match[1] not in _COMMANDS:
            continue
        try:
            _COMMANDS[match[1]](settings, [word.strip() for word in match[2].split(',') if word.strip()])
        except (ValueError, OverflowError) as error:
            raise ConfigError(f'line {number}, {match[1]}: {error}') from None
    names = [board.name] if board else settings.chips
    for number, profile in settings.profiles.items():
        settings.set_profile(number, _in_hz(profile, names))
    return settings


def _in_hz(profile: Profile, names: list[str]) -> Profile:
    """Convert a profile from frequency steps to Hz, for the only band that contains it and that a named chip has."""
    families = {chip_family(name) for name in names} - {''}
    possible = []
    for step_hz, (lowest, highest), at_60_ghz in _BANDS:
        found = replace(
            profile, start_hz=profile.start_hz * step_hz, slope_hz_per_s=profile.slope_hz_per_s * step_hz * 900e6
        )
        ends = found.start_hz, found.start_hz + found.slope_hz_per_s * found.ramp_s
        of_chip = not families or any((family == FAMILY_60_GHZ) == at_60_ghz for family in families)
        if of_chip and lowest <= min(ends) and max(ends) <= highest:
            possible.append(found)
    if len(possible) != 1:
        which = f'of {" or ".join(names)}' if families else 'that it does not name (select_chip_version)'
        raise ConfigError(
            f'starts at {profile.start_hz:.0f} steps of frequency, which fit {"both bands" if possible else "no band"} '
            f"of a chip {which}; name the board, as board='xWR6843AOP'"
        )
    return possible[0]
