"""Antenna positions of TI's evaluation boards, and lookup of boards by name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mmradar.errors import ConfigError

FAMILY_60_GHZ = '68'
Positions = tuple[tuple[float, float], ...]
_LOW_POWER = re.compile(r'[aix]wrl|(?<!\d)(?:6432|6844|1432)(?!\d)', re.IGNORECASE)


@dataclass(frozen=True)
class Board:
    """An evaluation board.

    Args:
        name: TI's name of chip and antennas, with ``x`` for the A of automotive and the I of industrial parts.
        tx_positions: Positions of TX1, TX2, ..., as (along, across) the array, in half wavelengths.
        rx_positions: Positions of RX1, RX2, ..., likewise.
    """

    name: str
    tx_positions: Positions
    rx_positions: Positions

    @property
    def part(self) -> int:
        """The chip's number, such as 1843."""
        return int(self.name[3:7])


_ROW = ((0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.0, 0.0))
# IWR1843 data sheet, figure of the antenna: TX1 and TX3 lie 2 wavelengths apart in line with the receivers, TX2 between
# them and half a wavelength across.
_TX2_RAISED = ((0.0, 0.0), (2.0, 1.0), (4.0, 0.0))
# mmWave SDK, antenna_geometry.c, whose second number counts downwards; antGeometry0/1 of TI's people counting agree.
BOARDS: dict[str, Board] = {
    board.name: board
    for board in (
        Board('xWR1243', _TX2_RAISED, _ROW),
        Board('xWR1443', _TX2_RAISED, _ROW),
        Board('xWR1642', ((0.0, 0.0), (4.0, 0.0)), _ROW),
        Board('xWR1843', _TX2_RAISED, _ROW),
        Board('xWR1843AOP', ((0.0, 0.0), (0.0, -1.0), (0.0, -2.0)), ((3.0, 0.0), (2.0, 0.0), (1.0, 0.0), (0.0, 0.0))),
        Board('xWR6843ISK', _TX2_RAISED, _ROW),
        Board('xWR6843ODS', ((0.0, 0.0), (2.0, 0.0), (2.0, -2.0)), ((0.0, 0.0), (0.0, -1.0), (1.0, -1.0), (1.0, 0.0))),
        Board('xWR6843AOP', ((0.0, 0.0), (2.0, -2.0), (0.0, -2.0)), ((1.0, -1.0), (1.0, 0.0), (0.0, -1.0), (0.0, 0.0))),
    )
}


def chip_family(name: str) -> str:
    """Return the first two digits of the chip in a name such as ``IWR1642BOOST`` or ``xWR68xx_AOP``, ``''`` if none.

    An xWR64xx counts as an xWR68xx, because it comes on the same boards.

    Raises:
        ConfigError: The chip is a low-power one (such as the xWRL6432), with different commands and recordings.
    """
    if _LOW_POWER.search(name):
        raise ConfigError(f'{name} is a low-power radar; its command set and recordings are not supported')
    match = re.search(r'(?<!\d)(\d\d)(?:\d\d|\dx|xx)(?![\dx])', name, re.IGNORECASE)
    if not match:
        return ''
    return FAMILY_60_GHZ if match[1] == '64' else match[1]


def boards_named(name: str) -> list[Board]:
    """Return the boards that a name may mean: three for ``xWR6843``, one for ``xWR68xx_AOP``, none for ``AWR2944``.

    Raises:
        ConfigError: See :func:`chip_family`.
    """
    family = chip_family(name)
    # AOP and ODS first: an IWR6843ISK-ODS is an ODS
    antennas = re.search('AOP|ODS', name, re.IGNORECASE) or re.search('ISK', name, re.IGNORECASE)
    boards = [board for board in BOARDS.values() if family and board.name.startswith(f'xWR{family}')]
    if antennas:
        return [board for board in boards if board.name.endswith(antennas[0].upper())]
    return [board for board in boards if board.name == f'xWR{board.part}'] or boards


def find_board(name: str) -> Board:
    """Return the one board that a name means.

    Raises:
        ConfigError: No known board has this name, or several may be meant; the message lists them.
    """
    boards = boards_named(name) if isinstance(name, str) else []
    if len(boards) != 1:
        which = f'may be {" or ".join(board.name for board in boards)}' if boards else 'is unknown'
        raise ConfigError(f'the board {name!r} {which}; the boards are {", ".join(BOARDS)}')
    return boards[0]
