"""Antenna positions of the radar that a configuration file describes, as far as the file determines them."""

from __future__ import annotations

import re

import numpy as np

from mmradar.errors import ConfigError
from mmradar.radar.boards import BOARDS, FAMILY_60_GHZ, Board, Positions, boards_named, chip_family
from mmradar.radar.config_files.settings import Settings

NUM_RX = 4
_BETWEEN_BANDS_HZ = 70e9
_ASK = "name the board, as board='xWR6843AOP'"
# AOP or ODS at the beginning of a word, or in a board's name after a number or another part (IWR6843AOPEVM, ISKODS,
# xWR68xxAOP); 'methods' and 'periods', which contain 'ods' by chance, do not match.
_ANTENNAS = re.compile(
    r'(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z])|(?<=(?i:isk))|(?<=(?i:evm))|(?<=(?i:boost))|(?<=(?i:xx)))((?i:aop|ods))'
)
# the board that the SDK's Visualizer means by a chip's name alone; for AOP boards it writes AOP
_BOARD_OF_PLATFORM = {'18': BOARDS['xWR1843'], FAMILY_60_GHZ: BOARDS['xWR6843ISK']}


def chip_families(settings: Settings, start_hz: float, board: Board | None) -> set[str]:
    """Return the families that the file's chip may belong to; empty if neither a name nor the band determines them.

    Args:
        settings: Content of the file.
        start_hz: Frequency at which the ramp begins.
        board: The board, if given; it overrides the names in the file.

    Raises:
        ConfigError: None of the chips that the file names reaches this frequency.
    """
    names = _names(settings, board)
    named, at_60_ghz = {chip_family(name) for name in names} - {''}, start_hz < _BETWEEN_BANDS_HZ
    possible = {family for family in named if (family == FAMILY_60_GHZ) == at_60_ghz}
    if named and not possible:
        raise ConfigError(f'is for {" or ".join(names)}, which does not reach {start_hz / 1e9:g} GHz')
    return possible or ({FAMILY_60_GHZ} if at_60_ghz else set())


def _names(settings: Settings, board: Board | None) -> list[str]:
    if board:
        return [board.name]
    return [settings.platform] if chip_family(settings.platform) else settings.chips


def possible_boards(settings: Settings, families: set[str], board: Board | None, words: str) -> list[Board]:
    """Return the boards that the file may be for; empty if the boards of a chip are not known.

    Args:
        settings: Content of the file.
        families: See :func:`chip_families`.
        board: The board, if given.
        words: The file's name and text. If they contain AOP or ODS, boards with such antennas are included: TI's own
            files for these boards often name the chip alone.
    """
    if board:
        return [board]
    antennas = {word.upper() for word in _ANTENNAS.findall(words)}
    if not families:  # at 77 GHz
        return [BOARDS['xWR1843'], BOARDS['xWR1642'], *([BOARDS['xWR1843AOP']] if antennas else [])]
    names = [name for name in _names(settings, board) if chip_family(name) in families]
    found = [boards_named(name) for name in names or [f'xWR{family}xx' for family in families]]
    if not all(found):
        return []
    if names == [settings.platform] and len(found[0]) > 1:
        found = [[_BOARD_OF_PLATFORM[chip_family(settings.platform)]]]
    if not any(board.name.endswith(tuple(antennas)) for boards in found for board in boards):
        found += [boards_named(f'xWR{family}xx{word}') for family in families for word in antennas]
    return [board for boards in found for board in boards]


def agreed_positions(
    boards: list[Board], chip_known: bool, transmitters: list[int], receivers: list[int]
) -> tuple[Positions, Positions] | tuple[None, None]:
    """Return the antenna positions on which all boards agree.

    Args:
        boards: Boards that the file may be for.
        chip_known: Whether the chip is known. If so, boards that disagree are not an error.
        transmitters: Transmitters in firing order, from 0.
        receivers: Receivers that are on, from 0.

    Returns:
        Positions of transmitters and of receivers; both ``None`` if the boards of a known chip disagree or no board is
        known.

    Raises:
        ConfigError: The chip is not known, and the boards disagree.
    """
    boards = list(dict.fromkeys(board for board in boards if max(transmitters) < len(board.tx_positions)))
    found = [
        (tuple(board.tx_positions[i] for i in transmitters), tuple(board.rx_positions[i] for i in receivers))
        for board in boards
    ]
    if len({_relative(*positions) for positions in found}) == 1:
        return found[0]
    if chip_known or not boards:
        return None, None
    raise ConfigError(
        f'does not say which board it is for, and the positions of '
        f'{" and ".join(f"TX{i + 1}" for i in transmitters)} differ between '
        f'{", ".join(board.name for board in boards)}; name the board, as board={boards[0].name!r}'
    )


def _relative(tx_positions: Positions, rx_positions: Positions) -> tuple[tuple[float, float], ...]:
    virtual = (np.asarray(tx_positions)[:, None] + np.asarray(rx_positions)).reshape(-1, 2)
    return tuple(map(tuple, (virtual - virtual[0]).tolist()))


def stated_positions(
    lines: dict[int, list[float]], transmitters: list[int], receivers: list[int]
) -> tuple[Positions, Positions]:
    """Compute antenna positions from the lines ``antGeometry0`` and ``antGeometry1``.

    Args:
        lines: Numbers of ``antGeometry0`` (0: position along the array, with reversed sign) and ``antGeometry1`` (1:
            position across it), one for each virtual antenna, in half wavelengths.
        transmitters: Transmitters in firing order, from 0.
        receivers: Receivers that are on, from 0.

    Returns:
        Positions of transmitters and of receivers.

    Raises:
        ConfigError: It is unclear which antennas the lines name, or they describe no array in which each transmitter
            has the same receivers.
    """
    num_tx, num_rx = len(transmitters), len(receivers)
    if len(lines) != 2 or len(lines[0]) != len(lines[1]):
        raise ConfigError(f'antGeometry0 and antGeometry1 must name the same virtual antennas; {_ASK}')
    # The numbers count all antennas of the board in some uses of the lines, and only those that are on in others; only
    # lines that mean the same either way are accepted.
    whole_board = num_rx == NUM_RX and transmitters == list(range(num_tx)) and len(lines[0]) >= num_tx * num_rx
    if not whole_board and (transmitters != sorted(transmitters) or len(lines[0]) != num_tx * num_rx):
        raise ConfigError(
            f'its antGeometry lines name {len(lines[0])} virtual antennas, and do not say which of them belong to '
            f'TX {", ".join(str(i + 1) for i in transmitters)} with {num_rx} receivers; {_ASK}'
        )
    places = np.stack([-np.asarray(lines[0]), np.asarray(lines[1])], -1)[: num_tx * num_rx].reshape(num_tx, num_rx, 2)
    tx, rx = places[:, 0] - places[0, 0], places[0]
    if not np.array_equal(places, tx[:, None] + rx):
        raise ConfigError(f'its antGeometry lines describe no array of transmitters with the same receivers; {_ASK}')
    rx = rx - (rx[:, 0].min(), rx[:, 1].max())  # only differences count; shifted to the origin used in BOARDS
    return tuple(map(tuple, (tx + 0.0).tolist())), tuple(map(tuple, (rx + 0.0).tolist()))
