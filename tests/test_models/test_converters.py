"""Weights of other projects, by the names and equations of these; none of their code is here."""

import math
import re
import runpy
import sys

import pytest
import torch
from mmengine.runner import load_checkpoint
from torch.nn.functional import conv2d, conv3d, interpolate, layer_norm, prelu, softplus

from conftest import REPOSITORY
from mmradar.apis.configuration import load_config
from mmradar.errors import CheckpointError
from mmradar.models.converters import (
    hupr_to_mmradar,
    mamba_to_mmradar,
    mmradar_to_hupr,
    mmradar_to_mamba,
    state_dict_of,
    vision_mamba_arguments,
)
from mmradar.models.layers import VisionMambaLayer
from mmradar.registry import MODELS


def same(one, other):
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def run_tool(monkeypatch, name, *arguments):
    monkeypatch.setattr(sys, 'argv', [name, *map(str, arguments)])
    runpy.run_path(str(REPOSITORY / 'tools' / 'model_converters' / f'{name}.py'), run_name='__main__')


# Mamba


def mamba_state(
    embed=6, expand=2, states=5, taps=3, rank=2, marks=('', '_b'), front='', norm=False, dtype=torch.float64
):
    """Weights of a mixer, and of the norm of its block, under mamba-ssm's names, with mamba-ssm's shapes."""
    inner = expand * embed
    shapes = {'in_proj.weight': (2 * inner, embed)}
    for b in marks:
        shapes |= {f'A{b}_log': (inner, states), f'D{b}': (inner,)}
        shapes |= {f'conv1d{b}.weight': (inner, 1, taps), f'conv1d{b}.bias': (inner,)}
        shapes |= {f'x_proj{b}.weight': (rank + 2 * states, inner)}
        shapes |= {f'dt_proj{b}.weight': (inner, rank), f'dt_proj{b}.bias': (inner,)}
    shapes['out_proj.weight'] = (embed, inner)
    names = {f'{front}{name}': shape for name, shape in shapes.items()}
    names |= {'norm.weight': (embed,), 'norm.bias': (embed,)} if norm else {}
    generator = torch.Generator().manual_seed(3)
    return {
        name: torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for name, shape in names.items()
    }


def one_direction(weights, b, x, z):
    """Mamba's scan with gate, token by token, channel by channel; x and z are (channels, length)."""
    taps, rank, length = weights[f'conv1d{b}.weight'][:, 0], weights[f'dt_proj{b}.weight'].shape[1], x.shape[1]
    A = -weights[f'A{b}_log'].exp()
    states, h, y = A.shape[1], torch.zeros_like(A), torch.zeros_like(x)
    for t in range(length):
        u = weights[f'conv1d{b}.bias'].clone()
        for back in range(taps.shape[1]):
            if t - back >= 0:
                u += taps[:, -1 - back] * x[:, t - back]
        u = u * u.sigmoid()
        of_token = weights[f'x_proj{b}.weight'] @ u
        dt, B, C = of_token[:rank], of_token[rank : rank + states], of_token[rank + states :]
        delta = softplus(weights[f'dt_proj{b}.weight'] @ dt + weights[f'dt_proj{b}.bias'])
        for d in range(len(x)):
            h[d] = torch.exp(delta[d] * A[d]) * h[d] + delta[d] * B * u[d]
            y[d, t] = C @ h[d] + weights[f'D{b}'][d] * u[d]
    return y * z * z.sigmoid()


def mamba(weights, tokens, divide_out=False):
    """The layer of mamba-ssm, or with ``_b`` Vision Mamba's, on (length, width)."""
    x, z = (weights['in_proj.weight'] @ tokens.T).chunk(2)
    y = one_direction(weights, '', x, z)
    if 'D_b' in weights:
        y = y + one_direction(weights, '_b', x.flip(1), z.flip(1)).flip(1)
    return (weights['out_proj.weight'] @ (y / 2 if divide_out else y)).T


@pytest.mark.parametrize(
    'sizes', [{}, dict(embed=8, expand=3, states=1, taps=4, rank=1), dict(embed=1, expand=1, taps=1)]
)
@pytest.mark.parametrize('marks, divide_out', [(('', '_b'), False), (('', '_b'), True), (('',), False)])
def test_a_converted_mamba_layer_computes_what_mamba_s_equations_do(sizes, marks, divide_out):
    state = mamba_state(**sizes, marks=marks)
    layer = VisionMambaLayer(**vision_mamba_arguments(state)).double()
    found = layer.load_state_dict(mamba_to_mmradar(state, divide_out), strict=False)
    assert found.missing_keys == ['norm.weight', 'norm.bias'] and not found.unexpected_keys
    torch.nn.init.normal_(layer.norm.weight)
    tokens = torch.randn(2, 9, state['in_proj.weight'].shape[1], dtype=torch.float64)
    with torch.no_grad():
        normed = layer.norm(tokens)
        expected = tokens + torch.stack([mamba(state, sequence, divide_out) for sequence in normed])
        torch.testing.assert_close(layer(tokens), expected, rtol=1e-9, atol=1e-9)


def test_a_block_brings_its_norm():
    state = mamba_state(front='mixer.', norm=True)
    layer = VisionMambaLayer(**vision_mamba_arguments(state)).double()
    layer.load_state_dict(mamba_to_mmradar(state))
    tokens = torch.randn(7, 6, dtype=torch.float64)
    normed = layer_norm(tokens, (6,), state['norm.weight'], state['norm.bias'])
    mixer = {name.removeprefix('mixer.'): value for name, value in state.items()}
    with torch.no_grad():
        torch.testing.assert_close(layer(tokens[None])[0], tokens + mamba(mixer, normed), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize('divide_out', [False, True])
@pytest.mark.parametrize('options', [{}, dict(marks=('',)), dict(front='mixer.', norm=True)])
def test_mamba_there_and_back_is_the_same_to_the_bit(options, divide_out, dtype):
    state = mamba_state(**options, dtype=dtype)
    back = mmradar_to_mamba(mamba_to_mmradar(state, divide_out), divide_out)
    assert sorted(back) == sorted(state) and all(torch.equal(back[name], state[name]) for name in state)
    layer = VisionMambaLayer(**vision_mamba_arguments(state)).state_dict()
    again = mamba_to_mmradar(mmradar_to_mamba(layer, divide_out), divide_out)
    assert sorted(again) == sorted(layer) and all(torch.equal(again[name], layer[name]) for name in layer)


def test_sizes_of_a_layer_are_those_of_its_weights():
    found = vision_mamba_arguments(mamba_state(embed=6, expand=3, states=5, taps=4, rank=2))
    assert found == dict(embed_dims=6, expand=3, d_state=5, d_conv=4, dt_rank=2, bidirectional=True)
    assert not vision_mamba_arguments(mamba_state(marks=('',)))['bidirectional']


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(D=None), r'missing: D$'),
        (dict(conv1d_b__bias=None), r'missing: conv1d_b.bias$'),
        (dict(in_proj__bias=(24,)), r'left over: in_proj.bias$'),  # mamba-ssm's bias=True
        (dict(gamma=(6,)), r'left over: gamma$'),  # Vision Mamba's init_layer_scale
        (dict(x_proj_b__weight=(11, 12)), r'of another shape: x_proj_b.weight \(11, 12\) instead of \(12, 12\)$'),
        (dict(A_b_log=(12, 4)), r'of another shape: A_b_log \(12, 4\) instead of \(12, 5\)$'),
        (dict(conv1d__weight=(12, 2, 3)), r'of another shape: conv1d.weight \(12, 2, 3\) instead of \(12, 1, 3\)'),
        (dict(conv1d__weight=(12, 3)), r'of another number of axes: conv1d.weight \(12, 3\)$'),
        (dict(in_proj__weight=(18, 6)), r'in_proj.weight is \(18, 6\): 9 for 6'),
        (dict(D='text'), r'no tensors: D$'),
    ],
)
def test_mamba_refuses_by_name(change, message):
    changed = {name.replace('__', '.'): value for name, value in change.items()}
    state = mamba_state() | {k: torch.zeros(v) if isinstance(v, tuple) else v for k, v in changed.items()}
    with pytest.raises(CheckpointError, match=re.compile(message, re.MULTILINE)):
        mamba_to_mmradar({name: value for name, value in state.items() if value is not None})


def test_mamba_refuses_other_layers():
    with pytest.raises(CheckpointError, match=r'missing: conv1d_b.weight, .*, D_b$'):  # type v1 has one name more
        mamba_to_mmradar(mamba_state(marks=('',)) | {'A_b_log': torch.zeros(12, 5)})
    block = mamba_state(front='mixer.', norm=True)
    with pytest.raises(CheckpointError, match=r'missing: norm.bias$'):  # an RMSNorm
        mamba_to_mmradar({name: value for name, value in block.items() if name != 'norm.bias'})
    with pytest.raises(CheckpointError, match='missing: in_proj.weight, .* and 5 more\n  left over: weight'):
        mamba_to_mmradar({'weight': torch.zeros(1), 'D_b': torch.zeros(1)})
    layer = mamba_to_mmradar(mamba_state())
    with pytest.raises(CheckpointError, match='VisionMambaLayer:\n  missing: forward_scan.D\n  left over: head.weight'):
        mmradar_to_mamba(
            {**{k: v for k, v in layer.items() if k != 'forward_scan.D'}, 'head.weight': layer['forward_scan.D']}
        )
    with pytest.raises(CheckpointError, match=r'of another shape: D \(3,\) instead of \(12,\)'):
        mmradar_to_mamba({**layer, 'forward_scan.D': torch.zeros(3)})


def test_one_direction_is_causal_and_counted_once():
    layer = VisionMambaLayer(8, d_state=4, bidirectional=False)
    tokens = torch.randn(1, 10, 8, requires_grad=True)
    reached = torch.autograd.grad(layer(tokens)[0, 5].sum(), tokens)[0][0].abs().sum(-1) > 0
    assert reached.tolist() == [True] * 6 + [False] * 4
    assert layer.uncounted_macs(tokens) == {'selective scan': 3 * 10 * 16 * 4, 'causal convolution': 10 * 16 * 4}


def test_mamba_tool(monkeypatch, tmp_path, capsys):
    """A layer out of a whole model's checkpoint, as torch's parallel models write it, and back."""
    block = mamba_state(front='mixer.', norm=True, dtype=torch.float32)
    model = {f'module.layers.1.{name}': value for name, value in block.items()} | {'module.head.weight': torch.ones(2)}
    torch.save({'model': model, 'epoch': 3}, tmp_path / 'vim.pth')
    run_tool(
        monkeypatch, 'mamba_to_mmradar', tmp_path / 'vim.pth', tmp_path / 'new' / 'ours.pth', '--prefix', 'layers.1.'
    )
    ours = torch.load(tmp_path / 'new' / 'ours.pth', weights_only=True)
    assert same(ours, mamba_to_mmradar(block))
    assert (
        'VisionMambaLayer(embed_dims=6, expand=2, d_state=5, d_conv=3, dt_rank=2, bidirectional=True)'
        in capsys.readouterr().out
    )
    run_tool(
        monkeypatch, 'mamba_to_mmradar', tmp_path / 'new' / 'ours.pth', tmp_path / 'back.pth', '--back', '--divide-out'
    )
    assert same(torch.load(tmp_path / 'back.pth', weights_only=True), mmradar_to_mamba(ours, divide_out=True))
    for prefix, message in (('layers.2.', "no weights begin with 'layers.2.'; there are layers"), ('', 'left over')):
        with pytest.raises(SystemExit):
            run_tool(monkeypatch, 'mamba_to_mmradar', tmp_path / 'vim.pth', tmp_path / 'x.pth', '--prefix', prefix)
        assert message in capsys.readouterr().err and not (tmp_path / 'x.pth').exists()


# HuPR


def conv_block(dims, inside, outside, norm):
    """HuPR's residual block: ``main`` of two convolutions and ``downsample`` of one, batch norm or PReLU between."""
    taps, found = (3,) * dims, {}
    parts = {'main': [inside, outside], 'downsample': [inside]}
    for part, widths in parts.items():
        for index, width in enumerate(widths):
            at = index * (3 if norm else 2)
            found[f'{part}.{at}.weight'] = (outside, width, *taps)
            if norm:
                for name in ('weight', 'bias', 'running_mean', 'running_var'):
                    found[f'{part}.{at + 1}.{name}'] = (outside,)
                found[f'{part}.{at + 1}.num_batches_tracked'] = ()
            elif part == 'main' and index == 0:
                found['main.1.weight'] = (1,)
    return found if norm else found | {'relu.weight': (1,)}


def hupr_shapes(width=32, frames=8, side=64, joints=14):
    """Names and shapes of the public HuPRNet's state dict."""
    found = {}

    def add(front, shapes):
        found.update({f'{front}.{name}': shape for name, shape in shapes.items()})

    for radar in ('RA', 'RE'):
        found[f'{radar}chirpNet.temporalConvWx1x1.weight'] = (width, 2, 2, 1, 1)
        found[f'{radar}chirpNet.temporalConvWx1x1.bias'] = (width,)
        encoder = f'{radar}radarEncoder'
        add(f'{encoder}.layer1.0', {'weight': (2 * width, width, 3, 3, 3), 'bias': (2 * width,)})
        add(f'{encoder}.layer1.1', conv_block(3, 2 * width, 2 * width, True))
        for layer, inside in ((2, 2 * width), (3, 4 * width)):  # the first of each is an up-sampling by a half
            add(f'{encoder}.layer{layer}.1', conv_block(3, inside, 2 * inside, True))
            add(f'{encoder}.layer{layer}.2', conv_block(3, 2 * inside, 2 * inside, True))
        for name, factor in (('l1temporalMerge', 2), ('l2temporalMerge', 4), ('temporalMerge', 8)):
            found[f'{encoder}.{name}.weight'] = (factor * width, factor * width, 2 * frames // factor, 1, 1)
    for layer, factor, maps in ((3, 8, 4), (2, 4, 5), (1, 2, 5)):
        add(f'radarDecoder.decoderLayer{layer}.0', conv_block(2, maps * factor * width, factor * width, False))
        add(f'radarDecoder.decoderLayer{layer}.1', conv_block(2, factor * width, factor * width // 2, False))
    found['radarDecoder.decoderLayer1.2.weight'] = (joints, width, 1, 1)
    for layer in (1, 2, 3):
        found[f'radarDecoder.gcn.L{layer}.weight'] = ((side // 2) ** 2, (side // 2) ** 2)
        found[f'radarDecoder.gcn.L{layer}.bias'] = ((side // 2) ** 2, joints)
    for role in ('phi', 'theta'):
        for kind in ('cross', 'self'):
            for view in ('hori', 'vert'):
                for index, factor in enumerate((8, 4, 2)):
                    name = f'radarDecoder.{role}_{kind}_{view}.{index}.weight'
                    found[name] = (factor * width, factor * width, 1, 1)
    return found


def hupr_model(width=32, side=64, device='meta'):
    config = load_config(str(REPOSITORY / 'configs' / 'baselines' / 'hupr_hupr.py')).model
    config.backbone.update(input_size=(side, side))
    config.backbone.stem.channels = config.head.channels = width
    config.head.codec.heatmap_size = (side, side)
    with torch.device(device):
        return MODELS.build(config)


def hupr_state(**sizes):
    """Weights that keep maps about as large as they are; variances are positive."""
    generator, state = torch.Generator().manual_seed(5), {}
    for name, shape in hupr_shapes(**sizes).items():
        state[name] = torch.randn(shape, generator=generator, dtype=torch.float64) / math.prod(shape[1:]) ** 0.5
        if name.endswith('running_var'):
            state[name] = state[name].square() + 0.5
        elif name.endswith('num_batches_tracked'):
            state[name] = torch.tensor(len(state))
    return state


def test_every_weight_of_hupr_s_full_size_network_has_one_of_ours():
    own = hupr_model().state_dict()
    theirs = {name: torch.empty(shape, device='meta') for name, shape in hupr_shapes().items()}
    weights = [math.prod(shape) for name, shape in hupr_shapes().items() if 'running' not in name and shape]
    assert 35.4e6 < sum(weights) < 35.6e6  # the paper's 35.5 M
    converted = hupr_to_mmradar(theirs, own)
    assert {name: x.shape for name, x in converted.items()} == {name: x.shape for name, x in own.items()}
    back = mmradar_to_hupr(own)
    assert {name: tuple(x.shape) for name, x in back.items()} == hupr_shapes() and len(back) == len(own)


def test_hupr_there_and_back_is_the_same_to_the_bit():
    state, model = hupr_state(width=2, side=8), hupr_model(2, 8, 'cpu').double()
    model.load_state_dict(hupr_to_mmradar(state, model.state_dict()))
    back = mmradar_to_hupr(model.state_dict())
    assert sorted(back) == sorted(state) and all(torch.equal(back[name], state[name]) for name in state)


def hupr_block(state, front, x):
    conv = conv3d if x.ndim == 5 else conv2d

    def convolved(name, x):
        return conv(x, state[f'{front}.{name}.weight'], padding=1)

    def normed(name, x):
        mean, variance, scale, shift = (
            state[f'{front}.{name}.{part}'].view(-1, 1, 1, 1)
            for part in ('running_mean', 'running_var', 'weight', 'bias')
        )
        return (x - mean) / (variance + 1e-5).sqrt() * scale + shift

    shortcut = convolved('downsample.0', x)
    if x.ndim == 5:
        y = normed('main.4', convolved('main.3', normed('main.1', convolved('main.0', x)).relu()))
        return (y + normed('downsample.1', shortcut)).relu()
    y = convolved('main.2', prelu(convolved('main.0', x), state[f'{front}.main.1.weight']))
    return prelu(y + shortcut, state[f'{front}.relu.weight'])


def hupr_maps(state, radar, x):
    """A radar's maps, the finest first, of (batch, frame, part, Doppler, range, angle)."""
    mnet, encoder, maps = f'{radar}chirpNet.temporalConvWx1x1', f'{radar}radarEncoder', []
    y = conv3d(x.flatten(0, 1), state[f'{mnet}.weight'], state[f'{mnet}.bias'], stride=(2, 1, 1)).amax(2)
    y = y.unflatten(0, x.shape[:2]).transpose(1, 2)
    for scale, merge in enumerate(('l1temporalMerge', 'l2temporalMerge', 'temporalMerge'), 1):
        if scale == 1:
            first = (state[f'{encoder}.layer1.0.{part}'] for part in ('weight', 'bias'))
            y = hupr_block(state, f'{encoder}.layer1.1', conv3d(y, *first, padding=1))
        else:
            y = interpolate(y, scale_factor=0.5, mode='trilinear', align_corners=True)
            for number in (1, 2):
                y = hupr_block(state, f'{encoder}.layer{scale}.{number}', y)
        maps.append(conv3d(y, state[f'{encoder}.{merge}.weight']).squeeze(2))
    return maps


def hupr_logits(state, hori, vert, adjacency):
    """Both sets of heatmaps of HuPR's network, before the last sigmoid, by the names of its public code."""
    fine_first, y = list(zip(hupr_maps(state, 'RA', hori), hupr_maps(state, 'RE', vert))), None
    for index, pair in enumerate(reversed(fine_first)):
        maps = dict(zip(('hori', 'vert'), pair))

        def answer(kind, view, asking, maps=maps, index=index):
            key = conv2d(maps[view], state[f'radarDecoder.phi_{kind}_{view}.{index}.weight']).flatten(2)
            query = conv2d(maps[asking], state[f'radarDecoder.theta_{kind}_{asking}.{index}.weight']).flatten(2)
            share = torch.softmax(key.transpose(1, 2) @ query, dim=1)  # over the cells looked into
            return (maps[view].flatten(2) @ share).view_as(maps[view])

        of_hori = answer('cross', 'hori', 'vert') + maps['hori'], answer('self', 'hori', 'hori')
        of_vert = answer('cross', 'vert', 'hori') + maps['vert'], answer('self', 'vert', 'vert')
        y = torch.cat([*([] if y is None else [y]), *of_hori, *of_vert], dim=1)
        for number in (0, 1):
            y = hupr_block(state, f'radarDecoder.decoderLayer{3 - index}.{number}', y)
        if index < 2:
            y = interpolate(y, scale_factor=2, mode='bilinear', align_corners=True)
    heatmaps = conv2d(y, state['radarDecoder.decoderLayer1.2.weight'])
    nodes = interpolate(heatmaps, scale_factor=0.5, mode='bilinear', align_corners=True)
    size, nodes = nodes.shape[2:], nodes.flatten(2).transpose(1, 2)  # features are rows, joints are columns
    for layer in (1, 2, 3):
        weight, bias = (state[f'radarDecoder.gcn.L{layer}.{part}'] for part in ('weight', 'bias'))
        nodes = weight @ ((nodes.relu() if layer > 1 else nodes) @ adjacency) + bias
    refined = interpolate(nodes.transpose(1, 2).unflatten(2, size), scale_factor=2, mode='bilinear', align_corners=True)
    return heatmaps, refined


@torch.no_grad()
def test_the_converted_network_computes_what_hupr_s_does():
    state, model = hupr_state(width=2, side=8), hupr_model(2, 8, 'cpu').double().eval()
    model.load_state_dict(hupr_to_mmradar(state, model.state_dict()))
    x = torch.randn(2, 8, 2, 2, 8, 8, 8, dtype=torch.float64)  # batch, frame, view, part, angle, Doppler, range
    # its loader stacks (Doppler, part) and its network reads the same memory as (part, Doppler)
    theirs = x.permute(2, 0, 1, 5, 3, 6, 4).reshape(2, 2, 8, 2, 8, 8, 8)
    expected = hupr_logits(state, *theirs, model.head.refinement.layers[0].adjacency.T.double())
    for ours, plain in zip(model.head(model.backbone(x)), expected):
        torch.testing.assert_close(ours, plain, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    'change, message',
    [
        ({'RAradarEncoder.layer2.1.main.4.running_var': None}, r'missing: RAradarEncoder.layer2.1.main.4.running_var$'),
        ({'radarDecoder.gcn.L4.bias': (16, 14)}, r'left over: radarDecoder.gcn.L4.bias$'),
        (
            {'radarDecoder.gcn.L1.bias': (14, 16)},
            r'of another shape: radarDecoder.gcn.L1.bias \(14, 16\) instead of \(16, 14\)$',
        ),
        (
            {'REradarEncoder.temporalMerge.weight': (16, 16, 1, 1, 1)},
            r'REradarEncoder.temporalMerge.weight \(16, 16, 1',
        ),
    ],
)
def test_hupr_refuses_by_name(change, message):
    changed = hupr_state(width=2, side=8) | {k: v if v is None else torch.zeros(v) for k, v in change.items()}
    state = {name: value for name, value in changed.items() if value is not None}
    with pytest.raises(CheckpointError, match=re.compile(message, re.MULTILINE)):
        hupr_to_mmradar(state, hupr_model(2, 8).state_dict())


def test_hupr_refuses_other_models():
    with pytest.raises(CheckpointError, match=r'missing: RAchirpNet.temporalConvWx1x1.weight, .* and 245 more$'):
        hupr_to_mmradar({}, hupr_model(2, 8).state_dict())
    with pytest.raises(CheckpointError, match='nothing like norm.weight; the model must be HuPREncoder with HuPRHead'):
        mmradar_to_hupr(VisionMambaLayer(8).state_dict())


def test_hupr_tool(monkeypatch, tmp_path, capsys):
    """A checkpoint as HuPR's code saves it, with an optimizer's state beside, for a small model."""
    state = hupr_state(width=2, side=8)
    saved = {'epoch': 7, 'model_state_dict': state, 'optimizer_state_dict': {'state': {}}, 'accuracy': 0.63}
    torch.save(saved, tmp_path / 'model_best.pth')
    config = load_config(str(REPOSITORY / 'configs' / 'baselines' / 'hupr_hupr.py'))
    config.model.backbone.update(input_size=(8, 8))
    config.model.backbone.stem.channels = config.model.head.channels = 2
    config.model.head.codec.heatmap_size = (8, 8)
    config.dump(tmp_path / 'small.py')
    checkpoint, out = tmp_path / 'model_best.pth', tmp_path / 'ours.pth'
    run_tool(monkeypatch, 'hupr_to_mmradar', checkpoint, out, '--config', tmp_path / 'small.py')
    ours = torch.load(out, weights_only=True)['state_dict']
    model = MODELS.build(config.model)
    load_checkpoint(model, str(out), map_location='cpu', strict=True)  # as testing does
    assert same(ours, hupr_to_mmradar(state, model.state_dict())) and 'tools/test.py' in capsys.readouterr().out
    with pytest.raises(SystemExit):  # the full-size model
        run_tool(monkeypatch, 'hupr_to_mmradar', checkpoint, tmp_path / 'x.pth')
    assert 'of another shape: RAchirpNet' in capsys.readouterr().err and not (tmp_path / 'x.pth').exists()


# Files


class Runs:
    def __reduce__(self):
        return print, ('run from a checkpoint',)


@pytest.mark.parametrize('tool', ['hupr_to_mmradar', 'mamba_to_mmradar'])
def test_tools_run_no_code_from_a_file(monkeypatch, tmp_path, capsys, tool):
    torch.save({'model_state_dict': {'D': Runs()}}, tmp_path / 'bad.pth')
    for path in (tmp_path / 'bad.pth', tmp_path / 'missing.pth'):
        with pytest.raises(SystemExit):
            run_tool(monkeypatch, tool, path, tmp_path / 'out.pth')
        found = capsys.readouterr()
        assert path.name in found.err and 'run from' not in found.out and not (tmp_path / 'out.pth').exists()


def test_where_weights_lie_in_a_checkpoint():
    weights = {'a.x': 1, 'a.y': 2, 'b.x': 3}
    for content in (weights, *({key: weights} for key in ('state_dict', 'model_state_dict', 'model'))):
        assert state_dict_of(content) == weights and state_dict_of(content, 'a.') == {'x': 1, 'y': 2}
    assert state_dict_of({f'module.{name}': value for name, value in weights.items()}) == weights
    for nothing in ({}, {'state_dict': {}}, [1, 2], {3: 4}):
        with pytest.raises(CheckpointError):
            state_dict_of(nothing)
