import math

import pytest
import torch
from test_ops.deform_conv_by_loop import deform_conv_by_loop
from torch.nn.functional import conv2d, gelu, layer_norm, linear, silu, softplus

from glsmamba.models import layers as L
from glsmamba.models.layers import s6 as s6_module
from glsmamba.models.layers import sts6d as sts6d_module
from mmradar.errors import ConfigError
from mmradar.ops.selective_scan.reference import scan_reference


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def randomise(module):
    """Everything that begins at zero or one takes part."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return module.double()


# --- Orders

FRAMES_SIDE_BY_SIDE = [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]
FRAMES_STACKED_BY_COLUMN = [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]
BY_FRAME_AND_COLUMN = [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]
BY_PIXEL = [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]


def test_six_orders_written_out():
    """Frames [[0 1 2] [3 4 5]] and [[6 7 8] [9 10 11]]."""
    expected = [
        FRAMES_SIDE_BY_SIDE,
        FRAMES_STACKED_BY_COLUMN[::-1],
        list(range(12)),
        BY_FRAME_AND_COLUMN[::-1],
        BY_PIXEL,
        BY_PIXEL[::-1],
    ]
    assert L.scan_orders(2, 2, 3).tolist() == expected
    assert L.scan_orders(2, 2, 3, 'unified+spatial').tolist() == expected[:4]
    assert L.scan_orders(2, 2, 3, 'unified').tolist() == expected[:2]


def test_orders_from_the_first_token_on():
    orders = L.scan_orders(2, 2, 3, bidirectional=False).tolist()
    assert orders[1] == FRAMES_STACKED_BY_COLUMN and orders[3] == BY_FRAME_AND_COLUMN
    assert orders[5] == BY_PIXEL[::-1]  # the other way through time in any case


@pytest.mark.parametrize('size', [(1, 1, 1), (5, 4, 3), (3, 1, 7)])
def test_orders_are_permutations_and_come_back(size):
    orders = L.ScanOrders.of(L.scan_orders(*size))
    tokens = math.prod(size)
    assert (orders.order.sort(dim=1).values == torch.arange(tokens)).all()
    x = torch.randn(2, tokens, 3)
    read = L.read_in_orders(x, orders)
    for k in range(6):
        torch.testing.assert_close(read[:, k], x[:, orders.order[k]], rtol=0, atol=0)
    torch.testing.assert_close(L.sum_in_place_of_tokens(read, orders), 6 * x)


def test_gradients_of_orders():
    orders = L.ScanOrders.of(L.scan_orders(2, 2, 2))
    x = torch.randn(2, 8, 2, dtype=torch.float64, requires_grad=True)
    y = torch.randn(2, 6, 8, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: L.read_in_orders(x, orders), x)
    assert torch.autograd.gradcheck(lambda y: L.sum_in_place_of_tokens(y, orders), y)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(frames=0), r'\(0, 2, 3\)'),
        (dict(directions='spatial'), "unified, unified\\+spatial, all; found 'spatial'"),
    ],
)
def test_impossible_orders(arguments, message):
    with pytest.raises(ConfigError, match=message):
        L.scan_orders(**{**dict(frames=2, height=2, width=3), **arguments})


# --- S6


def scan_by_hand(s6, x, scan):
    """One S6 block over (batch, tokens, dims) as it stands, with the weights of one scan, token after token."""
    k = scan % len(s6.x_weight)
    dt, B, C = linear(x, s6.x_weight[k]).split(s6.splits, dim=-1)
    delta = softplus(linear(dt, s6.dt_weight[k]) + s6.dt_bias[k])
    return scan_reference(x, delta, -s6.A_log.exp(), B, C)[0] + s6.D[k] * x


@pytest.mark.parametrize('weights', ['shared', 'separate'])
@pytest.mark.parametrize('segments', [1, 4, [1, 2, 4]])
def test_s6_is_each_scan_by_itself(weights, segments):
    s6 = randomise(L.S6(8, 6, d_state=3, weights=weights))
    orders = L.ScanOrders.of(L.scan_orders(2, 2, 4))
    x = torch.randn(2, 16, 8, dtype=torch.float64)
    y = s6(x, orders, segments)
    cuts = segments if isinstance(segments, list) else [segments] * 3
    for k in range(6):
        parts = x[:, orders.order[k]].chunk(cuts[k // 2], dim=1)
        expected = torch.cat([scan_by_hand(s6, part, k) for part in parts], dim=1)
        torch.testing.assert_close(y[:, k], expected)


@pytest.mark.parametrize('weights', ['shared', 'separate'])
def test_s6_padding_is_as_if_it_were_not_there(weights):
    s6 = randomise(L.S6(8, 2, d_state=3, weights=weights))
    forwards = torch.arange(12)
    orders = L.ScanOrders.of(torch.stack([forwards, forwards.flip(0)]))
    padding = torch.zeros(12, dtype=torch.bool)
    padding[[3, 4, 9]] = True
    x = torch.randn(1, 12, 8, dtype=torch.float64, requires_grad=True)
    y = s6(x, orders, padding=padding)
    for k, kept in enumerate((forwards[~padding], forwards[~padding].flip(0))):
        there = ~padding[orders.order[k]]
        torch.testing.assert_close(y[:, k, there], scan_by_hand(s6, x[:, kept], k))
        y[:, k, there].sum().backward(retain_graph=True)
    assert (x.grad[:, padding] == 0).all() and (x.grad[:, ~padding] != 0).all()


def test_s6_gradients_and_separate_sets():
    s6 = randomise(L.S6(4, 2, d_state=2, weights='separate'))
    orders = L.ScanOrders.of(L.scan_orders(2, 1, 2, 'unified'))
    x = torch.randn(1, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: s6(x, orders), x)
    assert s6.x_weight.shape[0] == s6.dt_bias.shape[0] == s6.D.shape[0] == 2 and s6.A_log.ndim == 2
    with pytest.raises(ConfigError, match="'shared' or 'separate', found 'tied'"):
        L.S6(4, 2, weights='tied')


# --- STS6D


@pytest.mark.parametrize('weights', ['shared', 'separate'])
@pytest.mark.parametrize('reset_state, calls', [(False, 1), (True, 3)])
def test_sts6d_sums_pairs_in_one_call(monkeypatch, weights, reset_state, calls):
    seen = []
    scan = s6_module.selective_scan
    monkeypatch.setattr(s6_module, 'selective_scan', lambda u, *a, **k: seen.append(u.shape) or scan(u, *a, **k))
    sts6d = randomise(L.STS6D(4, reset_state=reset_state, s6_cfg=dict(d_state=2, weights=weights)))
    x = torch.randn(2, 3, 2, 4, 4, dtype=torch.float64)
    results = sts6d(x)
    assert len(seen) == calls
    orders = L.scan_orders(3, 2, 4)
    segments = dict(unified=1, spatial=3, temporal=8) if reset_state else dict(unified=1, spatial=1, temporal=1)
    for pair, (name, cuts) in enumerate(segments.items()):
        expected = torch.zeros(2, 24, 4, dtype=torch.float64)
        for k in (2 * pair, 2 * pair + 1):
            for part in orders[k].chunk(cuts):
                expected[:, part] += scan_by_hand(sts6d.s6, x.flatten(1, 3)[:, part], k)
        torch.testing.assert_close(results[name], expected.view_as(x))


def test_orders_are_made_once_and_serve_training_after_inference(monkeypatch):
    made = []
    orders_of = sts6d_module.scan_orders
    monkeypatch.setattr(sts6d_module, 'scan_orders', lambda *size: made.append(size) or orders_of(*size))
    sts6d, x = L.STS6D(4, 'unified'), torch.randn(1, 2, 2, 3, 4)
    with torch.inference_mode():
        sts6d(x)
    sts6d(x)['unified'].sum().backward()
    sts6d(x.transpose(2, 3))
    assert [size[:3] for size in made] == [(2, 2, 3), (2, 3, 2)]
    assert not any('order' in name for name in sts6d.state_dict())


# --- Channel attention


def test_sequential_channel_attention_by_hand():
    layer = L.SequentialChannelAttention(3, 2, 5)
    x = torch.randn(2, 2, 4, 3, 3)
    means = torch.stack([x[:, t, :, :, c].mean(dim=(1, 2)) for t in range(2) for c in range(3)], dim=1)
    first, _, second, _ = layer.mlp
    weights = torch.sigmoid(second(gelu(first(means))))
    y = layer(x)
    for t in range(2):
        for c in range(3):
            expected = x[:, t, :, :, c] * weights[:, 3 * t + c, None, None]
            torch.testing.assert_close(y[:, t, :, :, c], expected)
    with pytest.raises(ConfigError, match='hidden_dims=0'):
        L.SequentialChannelAttention(3, 2, 0)


# --- Deformable convolution


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(kernel_size=2), 'must be odd, found 2'),
        (dict(groups=3), 'groups=3'),
        (dict(deform_groups=3), 'deform_groups=3'),
    ],
)
def test_impossible_deformable_convolutions(arguments, message):
    with pytest.raises(ConfigError, match=message):
        L.ModulatedDeformConv(4, **arguments)


# --- Merging


def streams(size=(2, 2, 3, 4), dims=8):
    return {name: torch.randn(*size, dims) for name in ('unified', 'spatial', 'temporal')}


def by_map(x):
    return x.flatten(0, 1).permute(0, 3, 1, 2)


@pytest.mark.parametrize('merge', ['stmm', 'stmm_unified'])
def test_merging_begins_as_a_sum_of_the_sampled_streams(merge):
    stmm, results = L.STMM(16, merge=merge), streams(dims=16)
    expected = sum(results.values()) if merge == 'stmm' else 3 * results['unified']
    torch.testing.assert_close(stmm(results), expected, rtol=1e-5, atol=1e-5)
    stmm(results).square().mean().backward()
    kernels = [compensation.deform_conv.weight.grad for compensation in stmm.compensations.values()]
    assert all((kernel != 0).all() for kernel in kernels)  # all of it learns
    guides = [compensation.modulation.weight.grad for compensation in stmm.compensations.values()]
    assert all((guide != 0).any() for guide in guides)


@pytest.mark.parametrize('merge', ['stmm', 'stmm_unified'])
def test_which_stream_is_sampled_where_which_says(merge):
    stmm = L.STMM(8, merge=merge).double()
    results = {name: x.double() for name, x in streams((1, 2, 2, 3)).items()}
    randomise(stmm)
    expected = by_map(results['unified'])
    for name, compensation in stmm.compensations.items():
        sampled, guide = by_map(results[name]), by_map(results['unified'])
        if merge == 'stmm_unified':
            sampled, guide = guide, sampled
        around = conv2d(guide, compensation.around.weight, compensation.around.bias, padding=1, groups=8)
        weight, bias = compensation.modulation.weight, compensation.modulation.bias
        modulation = conv2d(around, weight[..., None, None], bias)
        conv = compensation.deform_conv
        expected = expected + deform_conv_by_loop(
            sampled, modulation[:, :18], modulation[:, 18:].sigmoid(), conv.weight, conv.bias, 8, 1
        )
    torch.testing.assert_close(by_map(stmm(results)), expected)


def test_other_ways_of_merging():
    results = streams()
    torch.testing.assert_close(L.STMM(8, merge='sum')(results), sum(results.values()))
    assert not list(L.STMM(8, merge='sum').parameters()) and not list(L.STMM(8, 'unified').parameters())
    alone = {'unified': results['unified']}
    torch.testing.assert_close(L.STMM(8, 'unified')(alone), results['unified'], rtol=0, atol=0)
    assert set(L.STMM(8, 'unified+spatial').compensations) == {'spatial'}
    with pytest.raises(ConfigError, match="stmm, stmm_unified, sum, found 'mean'"):
        L.STMM(8, merge='mean')


# --- Windows


def test_window_order_written_out():
    """Two frames of 2 x 3, windows of 2 x 2: a column of padding on the right."""
    order, padding = L.window_order(2, 2, 3, (2, 2))
    assert order.tolist() == [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15]
    assert padding.nonzero().flatten().tolist() == [3, 7, 11, 15]


def test_windows_of_the_paper():
    order, padding = L.window_order(5, 64, 48)
    assert len(order) == 64 * 240 and not padding.any()
    assert order[:7].tolist() == [0, 1, 2, 3, 4, 5, 48]


@pytest.mark.parametrize('size', [(4, 6), (5, 7), (1, 2), (3, 6)])
@pytest.mark.parametrize('weights', ['shared', 'separate'])
def test_windows_are_scanned_alone_and_padding_is_left_out(size, weights):
    wsts = randomise(L.WSTS(4, (2, 3), dict(d_state=2, weights=weights)))
    x = torch.randn(2, 3, *size, 4, dtype=torch.float64)
    expected = torch.zeros_like(x)
    for i in range(0, size[0], 2):
        for j in range(0, size[1], 3):
            part = x[:, :, i : i + 2, j : j + 3]
            tokens = part.flatten(1, 3)
            y = scan_by_hand(wsts.s6, tokens, 0) + scan_by_hand(wsts.s6, tokens.flip(1), 1).flip(1)
            expected[:, :, i : i + 2, j : j + 3] = y.view_as(part)
    torch.testing.assert_close(wsts(x), expected)


@pytest.mark.parametrize('window', [(0, 6), (8,)])
def test_impossible_windows(window):
    with pytest.raises(ConfigError, match='rows, columns'):
        L.WSTS(4, window)


# --- Blocks and embeddings


@pytest.mark.parametrize(
    'make', [lambda: L.GSMBlock(8, 2, 6, s6_cfg=dict(d_state=2)), lambda: L.LRMBlock(8, 2, (2, 2))]
)
def test_blocks_as_written(make):
    block = randomise(make())
    x = torch.randn(2, 2, 3, 4, 8, dtype=torch.float64)
    n = layer_norm(x, (8,), block.norm.weight, block.norm.bias)
    conv = block.gate.conv
    maps = conv2d(by_map(n), conv.weight, conv.bias, padding=1, groups=8).permute(0, 2, 3, 1).reshape(x.shape)
    gate = silu(layer_norm(maps, (8,), block.gate.norm.weight, block.gate.norm.bias))
    main = block.main(n) if isinstance(block, L.LRMBlock) else n
    if isinstance(block, L.GSMBlock):
        attention, scans, merging = block.main
        main = merging(scans(attention(n)))
    h = x + block.proj(block.main_norm(main) * gate)
    norm, first, _, second = block.ffn
    torch.testing.assert_close(block(x), h + second(gelu(first(norm(h)))))


def test_gsm_options_reach_their_layers():
    block = L.GSMBlock(
        8,
        2,
        6,
        directions='unified+spatial',
        merge='sum',
        bidirectional=False,
        reset_state=True,
        s6_cfg=dict(weights='separate'),
    )
    _, scans, merging = block.main
    assert scans.directions == 'unified+spatial' and scans.reset_state and not scans.bidirectional
    assert len(scans.s6.x_weight) == 4 and not merging.compensations
    compensation = L.GSMBlock(8, 2, 6, compensation_cfg=dict(kernel_size=5, groups=2)).main[2].compensations['temporal']
    assert compensation.deform_conv.weight.shape == (8, 4, 5, 5)


def test_embedding_values():
    embedding = L.sine_cosine_2d(3, 2, 8)
    for i in range(3):
        for j in range(2):
            expected = [f(p / s) for p in (i, j) for f in (math.sin, math.cos) for s in (1, 100)]
            torch.testing.assert_close(embedding[i, j], torch.tensor(expected))
    layer = L.SpaceTimeEmbedding(8, 4)
    x = torch.randn(2, 4, 3, 2, 8)
    for t in range(4):
        torch.testing.assert_close(layer(x)[:, t], x[:, t] + embedding + layer.temporal[t])
    assert [name for name, _ in layer.named_parameters()] == ['temporal'] and list(layer.state_dict()) == ['temporal']
    with pytest.raises(ConfigError, match='a multiple of 4 channels, found 6'):
        L.SpaceTimeEmbedding(6, 4)


def test_what_torch_does_not_count_is_stated():
    """As milliMamba's layers count: decay, input and output of a state element; four pixels of a sample."""
    s6, deform = L.S6(8, 6, d_state=4), L.ModulatedDeformConv(8, 3)
    assert s6.uncounted_macs(torch.zeros(2, 10, 8)) == {'selective scan': 2 * 10 * 6 * 8 * 4 * 3}
    assert deform.uncounted_macs(torch.zeros(2, 8, 5, 7)) == {'bilinear samples': 2 * 8 * 5 * 7 * 9 * 4}
