import struct
from dataclasses import replace

import numpy as np
import pytest

from mmradar.radar import RadarConfig, decode_groups, encode_groups, pack_words, unpack_words
from mmradar.radar.config import IQ_ORDERS

TWO_BY_TWO = RadarConfig(
    num_tx=2, num_rx=2, num_loops=2, num_samples=4, tx_positions=((0, 0), (2, 0)), rx_positions=((0, 0), (1, 0))
)
FOUR_RX = RadarConfig(num_tx=1, num_rx=4, num_loops=1, num_samples=4, tx_positions=((0, 0),))


def words(*values):
    return np.frombuffer(struct.pack(f'<{len(values)}h', *values), '<i2')


# A chirp of four receivers: I of sample s of receiver r is 10 r + s, Q is 100 more.
ONE_CHIRP = np.array([[10 * r + s + 1j * (100 + 10 * r + s) for s in range(4)] for r in range(4)])


def test_two_lanes_bytes_by_hand():
    rows = []
    for r in range(4):
        for s in (0, 2):
            i, q = 10 * r + s, 100 + 10 * r + s
            rows += [i, i + 1, q, q + 1]
    groups = unpack_words(words(*rows)[None, None, None], FOUR_RX)
    np.testing.assert_array_equal(decode_groups(groups)[0, :, 0], ONE_CHIRP)
    assert np.shares_memory(groups, groups.base)


def test_two_lanes_other_orders_by_hand():
    swapped = [value for i in (0, 2) for value in (100 + i, 101 + i, i, i + 1)]  # Q0 Q1 I0 I1
    turned = [value for i in (0, 1, 2, 3) for value in (i, 100 + i)]  # I Q I Q
    one_rx = dict(num_tx=1, num_rx=1, num_loops=1, num_samples=4, tx_positions=((0, 0),), rx_positions=((0, 0),))
    for order, row in (('QQII', swapped), ('IQIQ', turned)):
        groups = unpack_words(words(*row)[None, None, None], RadarConfig(**one_rx, iq_order=order))
        np.testing.assert_array_equal(decode_groups(groups)[0, :, 0], ONE_CHIRP[:1])


@pytest.mark.parametrize('order', ['IIQQ', 'QQII'])
def test_four_lanes_interleave_receivers(order):
    rows = []
    for s in range(4):
        parts = [[10 * r + s for r in range(4)], [100 + 10 * r + s for r in range(4)]]
        first, second = parts if order == 'IIQQ' else parts[::-1]
        rows += first + second
    config = replace(FOUR_RX, num_lanes=4, iq_order=order)
    groups = unpack_words(words(*rows)[None, None, None], config)
    np.testing.assert_array_equal(decode_groups(groups)[0, :, 0], ONE_CHIRP)


@pytest.mark.parametrize('lanes', [2, 4])
def test_real_samples_have_no_q(lanes):
    one_after_the_other = [10 * r + s for r in range(4) for s in range(4)]
    interleaved = [10 * r + s for s in range(4) for r in range(4)]
    config = replace(FOUR_RX, num_lanes=lanes, sampling='real')
    row = words(*(one_after_the_other if lanes == 2 else interleaved))
    cube = decode_groups(unpack_words(row[None, None, None], config))
    np.testing.assert_array_equal(cube[0, :, 0], ONE_CHIRP.real)
    assert config.chirp_bytes == 4 * 4 * 2


LAYOUTS = [dict(num_lanes=2, iq_order=order) for order in IQ_ORDERS] + [
    dict(num_lanes=4),
    dict(num_lanes=4, iq_order='QQII'),
    dict(sampling='real'),
    dict(sampling='real', num_lanes=4),
    dict(header_bytes=64, iq_order='QIQI'),
    dict(header_bytes=4, sampling='complex_2x'),
]


@pytest.mark.parametrize('layout', LAYOUTS, ids=str)
def test_packing_is_the_inverse(layout):
    config = RadarConfig.build(dict(num_loops=2, num_samples=6) | layout)
    raw = np.random.default_rng(0).integers(-2000, 2000, size=(3, 2, 3, 4, 3, 4)).astype('<i2')
    if config.sampling == 'real':
        raw[..., 2:] = 0
    packed = pack_words(raw, config)
    assert packed.dtype == '<i2' and packed.nbytes == 3 * config.frame_bytes
    np.testing.assert_array_equal(unpack_words(packed[..., config.header_bytes // 2 :], config), raw)
    if config.header_bytes == 64:
        assert packed[0, 0, 0].tobytes().startswith(bytes.fromhex('dc0ada0cdc0ada0c'))


def test_encode_is_the_inverse_of_decode_and_clips():
    raw = np.random.default_rng(0).integers(-2000, 2000, size=(3, 2, 2, 2, 2, 4)).astype('<i2')
    np.testing.assert_array_equal(encode_groups(decode_groups(raw), TWO_BY_TWO), raw)
    loud = np.full((1, 4, 2, 4), 1e6 - 1e6j)
    assert set(np.unique(encode_groups(loud, TWO_BY_TWO))) == {-32768, 32767}
    with pytest.raises(ValueError, match=r'expected frames of shape \(4, 2, 4\), found \(4, 2, 6\)'):
        encode_groups(np.zeros((1, 4, 2, 6)), TWO_BY_TWO)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(sampling='complex'), 'sampling must be one of complex_1x, complex_2x, real'),
        (dict(num_lanes=1), 'num_lanes must be one of 2, 4, found 1'),
        (dict(iq_order='IQQI'), 'iq_order must be one of IIQQ, QQII, IQIQ, QIQI'),
        (dict(num_lanes=4, iq_order='IQIQ'), 'four lanes carry four receivers and whole I or Q'),
        (
            dict(num_lanes=4, num_rx=1, rx_positions=((0, 0),)),
            'four lanes carry four receivers .* found 1 receivers',
        ),
        (dict(header_bytes=3), 'header_bytes must be even'),
    ],
)
def test_impossible_layouts_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        RadarConfig.build(options)


def test_range_of_the_other_samplings():
    assert RadarConfig().num_range_bins == 256
    for sampling in ('real', 'complex_2x'):
        config = RadarConfig(sampling=sampling)
        assert config.num_range_bins == 128
        assert config.max_range_m == pytest.approx(RadarConfig().max_range_m / 2)
