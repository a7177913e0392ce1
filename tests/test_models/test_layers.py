from itertools import product

import pytest
import torch
from torch import nn

from mmradar.models.backbones import CVMamba
from mmradar.models.layers import MNet, ResidualConv3d, STCALayer, VisionMambaLayer, zigzag_order
from mmradar.registry import MODELS


def test_zigzag_by_hand():
    assert zigzag_order(3, 4).tolist() == [0, 1, 2, 3, 7, 6, 5, 4, 8, 9, 10, 11]


def test_neighbours_in_the_sequence_are_neighbours_in_the_map():
    rows, columns = zigzag_order(16, 64) // 64, zigzag_order(16, 64) % 64
    assert ((rows.diff().abs() + columns.diff().abs()) == 1).all()


def encoder(**mixer):
    mixer = dict(type='SequenceMixer', num_layers=1) | mixer
    return CVMamba(num_frames=3, input_size=(8, 16), stem=dict(channels=(2, 2, 4, 8)), mixer=mixer)


def test_serialisation_goes_range_angle_view_frame_and_back():
    mixer = encoder().layers
    # maps that hold their own address: batch, view, channel, frame, row, column
    maps = torch.arange(2 * 2 * 8 * 3 * 2 * 4).float().view(2, 2, 8, 3, 2, 4)
    tokens = mixer.serialise(maps)
    assert tokens.shape == (2, 3 * 2 * 8, 8)
    order = [
        (frame, view, row, column if row == 0 else 3 - column)
        for frame in range(3)
        for view in range(2)
        for row in range(2)
        for column in range(4)
    ]
    for position, (frame, view, row, column) in enumerate(order):
        assert torch.equal(tokens[:, position], maps[:, view, :, frame, row, column])
    assert torch.equal(mixer.deserialise(tokens), maps)


@pytest.mark.parametrize('scan_order', ['zigzag', 'raster'])
def test_time_first_reads_a_cell_in_all_frames_before_the_next(scan_order):
    mixer = encoder(scan_order=scan_order, time_first=True).layers
    maps = torch.arange(2 * 2 * 8 * 3 * 2 * 4).float().view(2, 2, 8, 3, 2, 4)
    tokens = mixer.serialise(maps)
    order = [
        (view, row, column if row == 0 or scan_order == 'raster' else 3 - column, frame)
        for view in range(2)
        for row in range(2)
        for column in range(4)
        for frame in range(3)
    ]
    assert tokens.shape == (2, len(order), 8)
    for position, (view, row, column, frame) in enumerate(order):
        assert torch.equal(tokens[:, position], maps[:, view, :, frame, row, column])
    assert torch.equal(mixer.deserialise(tokens), maps)


@pytest.mark.parametrize('scan_order', ['zigzag', 'raster'])
def test_tokens_are_frame_after_frame_whatever_the_layers_read_first(scan_order):
    """As heads with `tokens_per_frame` expect them; without layers, both mixers return the same."""
    maps = torch.randn(2, 2, 8, 3, 2, 4)
    frames_last, time_first = (
        encoder(num_layers=0, scan_order=scan_order, time_first=time_first).layers for time_first in (False, True)
    )
    assert torch.equal(time_first(maps), frames_last(maps)) and torch.equal(
        frames_last.deserialise(time_first(maps)), maps
    )


@pytest.mark.parametrize('time_first', [False, True])
def test_a_scan_in_one_direction_brings_a_cell_to_later_tokens_only(time_first):
    layer = dict(type='VisionMambaLayer', bidirectional=False)
    mixer = encoder(time_first=time_first, layer=layer).layers
    maps = torch.randn(1, 2, 8, 3, 2, 4)
    other = maps.clone()
    other[0, 1, :, 1, 0, 2] += torch.randn(8)  # vertical view, frame 1, first row, third column
    change = (mixer(other) - mixer(maps)).abs().sum(-1).view(3, 2, 8)  # frames, views, cells
    for frame, view, cell in product(range(3), range(2), range(8)):
        place, changed = ((view, cell, frame), (1, 2, 1)) if time_first else ((frame, view, cell), (1, 1, 2))
        assert (change[frame, view, cell] > 0) == (place >= changed)


def test_without_layers_a_token_is_its_cell():
    backbone = encoder(num_layers=0).eval()
    inputs = torch.randn(1, 3, 2, 2, 8, 8, 16)
    cells = backbone.layers.serialise(backbone.features(inputs))
    assert torch.equal(backbone(inputs)[0], backbone.norm(cells)) and not list(backbone.layers.parameters())


def test_encoder_shapes_and_both_directions():
    """A change of the last frame must reach the tokens of the first, and the other way round."""
    backbone = encoder().eval()
    inputs = torch.randn(1, 3, 2, 2, 8, 8, 16)
    (tokens,) = backbone(inputs)
    assert tokens.shape == (1, 48, 8)
    for changed, seen in ((2, slice(0, 8)), (0, slice(40, 48))):
        other = inputs.clone()
        other[:, changed] += torch.randn(2, 2, 8, 8, 16)
        # the stem mixes neighbouring frames over two blocks; the scan's part is tested on its own features
        maps = backbone.features(inputs)
        maps_other = maps.clone()
        maps_other[:, :, :, changed] = backbone.features(other)[:, :, :, changed]
        difference = backbone.layers(maps_other) - backbone.layers(maps)
        assert difference[:, seen].abs().max() > 1e-6


@pytest.mark.no_shape_checks
@pytest.mark.parametrize(
    'shape', [(1, 2, 2, 2, 8, 8, 16), (1, 3, 1, 2, 8, 8, 16), (1, 3, 2, 2, 16, 8, 8), (3, 2, 2, 8, 8, 16)]
)
def test_windows_that_do_not_fit(shape):
    expected = 'CVMamba takes .* 3 frames, 2 views, 8 angle and 16 range bins.*found'
    with pytest.raises(ValueError, match=expected):
        encoder()(torch.zeros(shape))


def test_weights_of_layers_keep_their_names():
    names = encoder().state_dict()
    assert 'layers.0.in_proj.weight' in names and not any('mixer' in name or 'order' in name for name in names)


def test_another_mixer_takes_the_place_of_the_layers():
    @MODELS.register_module(force=True)
    class ViewMeans(nn.Module):
        """Tokens that are the means of a cell over the views."""

        def __init__(self, embed_dims, num_frames, num_views, map_size):
            super().__init__()
            self.sizes = (embed_dims, num_frames, num_views, map_size)

        def forward(self, maps):
            return maps.mean(1).flatten(2).transpose(1, 2)

    backbone = CVMamba(3, 2, (8, 16), dict(channels=(2, 2, 4, 8)), mixer=dict(type='ViewMeans')).eval()
    assert backbone.layers.sizes == (8, 3, 2, (2, 4))
    inputs = torch.randn(1, 3, 2, 2, 8, 8, 16)
    expected = backbone.norm(backbone.features(inputs).mean(1)[:, :, 2, 1, 3])
    torch.testing.assert_close(backbone(inputs)[0][:, 2 * 8 + 4 + 3], expected)


def test_options_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="SequenceMixer.scan_order must be one of zigzag, raster, found 'spiral'"):
        encoder(scan_order='spiral')
    with pytest.raises(ValueError, match='not divisible by the stem'):
        CVMamba(input_size=(64, 250))


def test_mnet_merges_pairs_of_doppler_bins_and_takes_the_strongest():
    net = MNet(2, 3)
    x = torch.randn(1, 2, 8, 4, 5)
    pairs = [
        net.conv.weight[..., 0, 0].flatten(1) @ x[0, :, 2 * k : 2 * k + 2, 1, 2].flatten() + net.conv.bias
        for k in range(4)
    ]
    torch.testing.assert_close(net(x)[0, :, 1, 2], torch.stack(pairs).amax(0))


def test_residual_block_halves_the_map_but_not_the_frames():
    assert ResidualConv3d(4, 6, stride=2)(torch.randn(2, 4, 5, 8, 10)).shape == (2, 6, 5, 4, 5)


def test_vision_mamba_layer_is_bidirectional_and_counts_its_scan():
    layer = VisionMambaLayer(8, d_state=4)
    tokens = torch.randn(1, 10, 8, requires_grad=True)
    jacobian = torch.autograd.grad(layer(tokens)[0, 5].sum(), tokens)[0][0].abs().sum(-1)
    assert (jacobian > 0).all()
    tokens = torch.zeros(1, 10, 8)
    expected = {'selective scan': 2 * 3 * 10 * 16 * 4, 'causal convolution': 2 * 10 * 16 * 4}
    assert layer.uncounted_macs(tokens) == expected


def test_stca_attends_over_joints_frames_and_tokens():
    layer = STCALayer(8, num_heads=2).eval()
    queries, tokens = torch.randn(1, 3, 4, 8), torch.randn(1, 5, 8)
    out = layer(queries, tokens)
    assert out.shape == queries.shape

    def change(frame, joint):
        other = queries.clone()
        other[0, frame, joint] += 1
        return (layer(other, tokens) - out)[0].abs().sum(-1)

    # frame 0, joint 0 sees the joints of its frame and itself in other frames; joint 1 of frame 1 through both
    assert change(0, 2)[0, 0] > 0 and change(2, 0)[0, 0] > 0 and change(1, 1)[0, 0] > 0
    assert (layer(queries, tokens + torch.randn(1, 5, 8)) - out).abs().max() > 0


def seen_by_queries(layer, cross):
    """Whether the output of query (frame 0, joint 0) depends on each query, and on the tokens."""
    queries, tokens = torch.randn(1, 3, 4, 8, requires_grad=True), torch.randn(1, 5, 8, requires_grad=True)
    found = torch.autograd.grad(layer(queries, tokens)[0, 0, 0].sum(), (queries, tokens), allow_unused=not cross)
    return found[0][0].abs().sum(-1) > 0, found[1] is not None and bool(found[1].any())


@pytest.mark.parametrize('cross', [True, False])
@pytest.mark.parametrize('temporal', [True, False])
@pytest.mark.parametrize('spatial', [True, False])
def test_an_stca_layer_without_an_attention_mixes_no_joints_no_frames_or_no_tokens(spatial, temporal, cross):
    layer = STCALayer(8, num_heads=2, spatial=spatial, temporal=temporal, cross=cross)
    queries, tokens = seen_by_queries(layer, cross)
    expected = torch.zeros(3, 4, dtype=torch.bool)
    expected[: 3 if temporal else 1, : 4 if spatial else 1] = True
    assert torch.equal(queries, expected) and tokens == cross


ATTENTION = ['in_proj_weight', 'in_proj_bias', 'out_proj.weight', 'out_proj.bias']
FEEDFORWARD = [f'feedforward.{part}.{kind}' for part in (0, 1, 4) for kind in ('weight', 'bias')]


def stca_names(*kinds):
    norms = [f'{kind}_norm.{name}' for kind in kinds for name in ('weight', 'bias')]
    return {*norms, *(f'{kind}.{name}' for kind in kinds for name in ATTENTION), *FEEDFORWARD}


def test_an_stca_layer_has_the_weights_that_it_uses_under_the_same_names():
    kinds = ('spatial', 'temporal', 'cross')
    whole = STCALayer(8, num_heads=2)
    assert set(whole.state_dict()) == stca_names(*kinds)
    for left_out in kinds:
        layer = STCALayer(8, num_heads=2, **{left_out: False})
        assert set(layer.state_dict()) == stca_names(*(kind for kind in kinds if kind != left_out))
        missing, unexpected = layer.load_state_dict(whole.state_dict(), strict=False)
        assert not missing and {name.split('.')[0].removesuffix('_norm') for name in unexpected} == {left_out}
