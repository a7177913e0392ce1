"""Reader of Lua scripts of mmWave Studio."""

from __future__ import annotations

import re
from collections.abc import Callable

from mmradar.errors import ConfigError
from mmradar.radar.boards import Board
from mmradar.radar.config_files.lua import Call, run_script
from mmradar.radar.config_files.settings import Profile, Settings, switches

_FOUR_TX = 'the arguments of a radar with four transmitters (AWR2944); only scripts for three are supported'


def _exactly(values: list[float], count: int, four_tx: int) -> list[float]:
    if len(values) == four_tx:
        raise ValueError(_FOUR_TX)
    if len(values) != count:
        raise ValueError(f'{count} numbers expected, {len(values)} found')
    return values


def _channels(settings: Settings, n: list[float]) -> None:
    n = _exactly(n, 10, 11)
    settings.rx_mask = switches(n[3:7])
    settings.set_format(*n[7:9])
    settings.q_first = n[9] == 1


def _lanes(settings: Settings, n: list[float]) -> None:
    if len(n) < 5:
        raise ValueError(f'at least 5 numbers expected, {len(n)} found')
    settings.lane_mask = switches(n[1:5])


def _profile(settings: Settings, n: list[float]) -> None:
    n = _exactly(n, 18, 23)
    settings.set_profile(
        n[0], Profile(n[1] * 1e9, n[2] * 1e-6, n[3] * 1e-6, n[4] * 1e-6, n[11] * 1e12, n[13], n[14] * 1e3)
    )


def _chirp(settings: Settings, n: list[float]) -> None:
    n = _exactly(n, 10, 11)
    first, last, profile = n[:3]
    settings.set_chirps(first, last, profile, switches(n[7:]), varies=any(n[3:7]))


def _frame(settings: Settings, n: list[float]) -> None:
    if len(n) < 5:
        raise ValueError(f'at least 5 numbers expected, {len(n)} found')
    settings.set_frame(n[0], n[1], n[3], n[4] * 1e-3)
    settings.sub_frames = ''


def _bpm(settings: Settings, n: list[float]) -> None:
    if any(n[2:]):
        raise ValueError('binary phase modulation (BPM); only time division is supported')


_COMMANDS: dict[str, Callable[[Settings, list[float]], None]] = {
    'ChanNAdcConfig': _channels,
    'LVDSLaneConfig': _lanes,
    'LvdsLaneConfig': _lanes,
    'ProfileConfig': _profile,
    'ChirpConfig': _chirp,
    'FrameConfig': _frame,
    'BpmChirpConfig': _bpm,
    'BPMChirpConfig': _bpm,
}
_CHIP_NAMES = ('SelectChipVersion', 'deviceVariantSelection')
_SUB_FRAMES = ('AdvanceFrameConfig', 'AdvancedFrameConfig')
_NOT_READ = {
    'ContStrConfig': 'continuous streaming has no chirps; only frames of chirps are supported',
    'AdvChirpConfig': 'advanced chirps; only chirps of ChirpConfig are supported',
}
_WANTED = frozenset((*_COMMANDS, *_CHIP_NAMES, *_SUB_FRAMES, *_NOT_READ))


def is_script(text: str) -> bool:
    """Return whether the text calls functions of mmWave Studio."""
    return re.search(r'\bar1\s*\.\s*\w+\s*\(', text) is not None


def read_script(text: str, board: Board | None = None) -> Settings:
    """Read the settings that a script makes. Units are those of SDK files; each antenna has a switch of its own.

    Args:
        text: The script.
        board: The board. TI's scripts query the radar's ``partId`` and branch on it; the board selects the branch.

    Raises:
        ConfigError: The script cannot be followed, see :func:`mmradar.radar.config_files.lua.run_script`; or a call has
            the wrong numbers or asks for something that is not supported (with its line).
    """
    if cascade := re.search(r'^[^-\n]*\bar1\.(\w+_mult)\s*\(', text, re.MULTILINE):
        raise ConfigError(f'configures a cascade of several radar chips ({cascade[1]}); only one chip is supported')
    try:
        calls, names = run_script(text, _WANTED, {'partId': float(board.part)} if board else {})
    except ConfigError as error:
        if board or 'partId' not in str(error):
            raise
        raise ConfigError(f"{error}; or name the board, as board='xWR1843'") from None
    settings = Settings()
    for call in calls:
        try:
            _make(settings, call)
        except (ValueError, OverflowError) as error:
            raise ConfigError(f'line {call.line}, {call.name}: {error}') from None
    part = names.get('partId')
    if isinstance(part, float) and 1000 <= part < 10_000:
        settings.chips = [f'xWR{part:.0f}']
    return settings


def _make(settings: Settings, call: Call) -> None:
    if call.name in _NOT_READ:
        raise ValueError(_NOT_READ[call.name])
    if call.name in _SUB_FRAMES:
        settings.sub_frames = f'{call.name}, like advFrameCfg and subFrameCfg in SDK files'
        return
    if call.name in _CHIP_NAMES:
        if not call.values or not isinstance(call.values[0], str):
            raise ValueError('expected the name of a chip')
        # deviceVariantSelection names the chip; SelectChipVersion is called several times by Studio itself
        settings.chips = [*settings.chips, call.values[0]] if call.name == 'SelectChipVersion' else [call.values[0]]
        return
    for number, (value, written) in enumerate(zip(call.values, call.written), 1):
        if not isinstance(value, float) or value != value or abs(value) == float('inf'):
            raise ValueError(f'its argument {number}, {written or "?"}, is not a number that the script determines')
    _COMMANDS[call.name](settings, list(call.values))
