import numpy as np
import pytest

from mmradar.errors import ConfigError
from mmradar.radar import BOARDS, RadarConfig
from mmradar.radar.boards import boards_named, chip_family, find_board


@pytest.mark.parametrize(
    'name, expected',
    [
        ('xWR16xx', ['xWR1642']),
        ('IWR1642BOOST', ['xWR1642']),
        ('xWR14xx', ['xWR1443']),
        ('AWR1243', ['xWR1243']),
        ('xWR18xx', ['xWR1843']),
        ('AR1843', ['xWR1843']),
        ('xwr18xx_aop', ['xWR1843AOP']),
        ('xWR68xx', ['xWR6843ISK', 'xWR6843ODS', 'xWR6843AOP']),
        ('xWR68xx_AOP', ['xWR6843AOP']),
        ('xWR64xx_AOP', ['xWR6843AOP']),
        ('xWR68xx_ODS', ['xWR6843ODS']),
        ('IWR6843ISK', ['xWR6843ISK']),
        ('IWR6843ISK-ODS', ['xWR6843ODS']),
        ('6843AOPEVM', ['xWR6843AOP']),
        ('xWR1642_AOP', []),
        ('AWR2944', []),
        ('AWR294X', []),
        ('some radar', []),
        ('', []),
    ],
)
def test_names(name, expected):
    assert [board.name for board in boards_named(name)] == expected


def test_families_and_low_power_chips():
    assert [chip_family(name) for name in ('AWR294X', 'xWR64xx', 'IWR6843', 'no. 12', '12345')] == [
        '29',
        '68',
        '68',
        '',
        '',
    ]
    for name in ('IWRL6432', 'xWRL68xx', 'AWRL1432', '6844'):
        with pytest.raises(ConfigError, match='low-power'):
            chip_family(name)


@pytest.mark.parametrize('board', BOARDS.values(), ids=BOARDS)
def test_boards_are_found_by_their_own_names_and_make_arrays(board):
    assert find_board(board.name) is board and str(board.part) in board.name
    config = RadarConfig(
        num_tx=len(board.tx_positions), tx_positions=board.tx_positions, rx_positions=board.rx_positions, num_loops=4
    )
    # no two virtual antennas in one place, all of them half a wavelength from the next
    places = config.virtual_positions
    assert len(np.unique(places, axis=0)) == len(places)
    for place in places:
        assert 1 in np.abs(places - place).sum(1)


@pytest.mark.parametrize(
    'name, against, across',
    [
        ('xWR6843ISK', '0 -1 -2 -3 -2 -3 -4 -5 -4 -5 -6 -7', '-1 -1 -1 -1 0 0 0 0 -1 -1 -1 -1'),
        ('xWR6843ODS', '0 0 -1 -1 -2 -2 -3 -3 -2 -2 -3 -3', '0 -1 -1 0 0 -1 -1 0 -2 -3 -3 -2'),
        ('xWR6843AOP', '-1 -1 0 0 -3 -3 -2 -2 -1 -1 0 0', '-1 0 -1 0 -3 -2 -3 -2 -3 -2 -3 -2'),
    ],
)
def test_virtual_antennas_stand_where_ti_s_people_counting_has_them(name, against, across):
    board = BOARDS[name]
    places = RadarConfig(tx_positions=board.tx_positions, rx_positions=board.rx_positions).virtual_positions
    stated = np.stack([-np.array(against.split(), float), np.array(across.split(), float)], -1)
    np.testing.assert_array_equal(places - places[0], stated - stated[0])
