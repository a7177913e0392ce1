"""TransHuPR as far as it is known: a baseline that merges frames early and predicts one."""

from functools import partial

import numpy as np
import pytest
import torch

from conftest import REPOSITORY, check_training_and_evaluation, on_small_data, training_batch
from mmradar.apis.complexity import model_complexity
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError
from mmradar.models.backbones import TransHuPREncoder
from mmradar.models.layers import CrossViewFusion, FrameMerge
from mmradar.registry import MODELS

SMALL = dict(stem=dict(channels=(4, 4, 8, 16), strides=(2, 2, 2)), num_layers=1, num_fusion_layers=1, num_heads=2)


def read(name):
    return load_config(str(REPOSITORY / f'configs/baselines/{name}.py'))


@pytest.fixture
def small_config(simulated_root, tmp_path):
    """The tiny configuration on the small data set, narrower still."""
    config = on_small_data(read('transhupr_tiny_simhupr'), simulated_root)
    config.model.backbone.update(SMALL)
    config.model.backbone.stem.in_channels = 2
    config.model.head.update(embed_dims=16, num_layers=1, num_heads=2)
    config.work_dir = str(tmp_path / 'work')
    return config


def encoder(frames=3, size=(16, 32), **options):
    return TransHuPREncoder(frames, input_size=size, **SMALL | options).eval()


# Layers


@pytest.mark.parametrize('frames', [1, 3, 8])
@pytest.mark.parametrize('how', ['convolution', 'mean'])
def test_merging_against_a_loop(frames, how):
    layer = FrameMerge(3, frames, how)
    maps = torch.randn(2, 3, frames, 4, 5)
    if how == 'mean':
        assert list(layer.parameters()) == []
        expected = sum(maps[:, :, frame] for frame in range(frames)) / frames
    else:
        weight, bias = layer.conv.weight[..., 0, 0], layer.conv.bias
        expected = bias[:, None, None] + sum(
            torch.einsum('oc,nchw->nohw', weight[..., frame], maps[:, :, frame]) for frame in range(frames)
        )
    torch.testing.assert_close(layer(maps), expected)


def test_fusion_is_between_the_views_and_symmetric():
    layer = CrossViewFusion(8, num_heads=2).eval()
    hori, vert = torch.randn(2, 1, 5, 8)
    with torch.no_grad():
        before = layer(hori, vert)
        assert [tuple(part.shape) for part in before] == [(1, 5, 8)] * 2
        other = vert.clone()
        other[:, 2] += torch.randn(8)
        after = layer(hori, other)
        assert all(((b - a).abs().amax(-1) > 0).all() for a, b in zip(before, after))  # every token of both views
        for part in (layer.layers, layer.norms):
            part[1].load_state_dict(part[0].state_dict())
        swapped = layer(vert, hori)
        for a, b in zip(layer(hori, vert), reversed(swapped)):
            torch.testing.assert_close(a, b)


# Encoder


@pytest.mark.parametrize('how', ['convolution', 'mean'])
@pytest.mark.parametrize('fusion_layers', [0, 2])
@pytest.mark.parametrize('frames', [1, 4])
def test_tokens_are_cells_of_one_map_of_each_view(frames, fusion_layers, how):
    net = encoder(frames, frame_merge=how, num_fusion_layers=fusion_layers)
    (tokens,) = net(torch.randn(2, frames, 2, 2, 16, 8, 32))
    assert tokens.shape == (2, 2 * (16 // 8) * (32 // 8), 16)


def changed_tokens(net, view, frame, seed=0):
    """Which tokens change, as (view, cell), if one view's frame does."""
    torch.manual_seed(seed)
    x = torch.randn(1, net.num_frames, 2, 2, 16, 8, 32)
    other = x.clone()
    other[:, frame, view] += torch.randn(2, 16, 8, 32)
    with torch.no_grad():
        return ((net(other)[0] - net(x)[0]).abs().amax(-1) > 1e-7)[0].view(2, -1)


@pytest.mark.parametrize('how', ['convolution', 'mean'])
@pytest.mark.parametrize('view', [0, 1])
def test_every_frame_of_each_view_reaches_both_views_through_the_fusion_alone(view, how):
    fused, apart = encoder(frame_merge=how), encoder(frame_merge=how, num_fusion_layers=0)
    for frame in range(3):
        assert changed_tokens(fused, view, frame).all()
        found = changed_tokens(apart, view, frame)
        assert found[view].all() and not found[1 - view].any()


def test_the_mean_ignores_the_order_of_frames_and_the_convolution_does_not():
    """With a stem of single frames; milliMamba's convolves over frames."""
    stem = dict(type='FrameStem', in_channels=2, channels=(8, 16), _scope_='mmradar')
    x = torch.randn(1, 3, 2, 2, 16, 8, 32)
    for how, same in (('mean', True), ('convolution', False)):
        net = TransHuPREncoder(3, input_size=(16, 32), **SMALL | dict(stem=stem, frame_merge=how)).eval()
        with torch.no_grad():
            assert torch.allclose(net(x)[0], net(x.flip(1))[0], atol=1e-5) == same


# The whole


def test_the_sizes_of_the_full_configuration():
    """Parameters and attention, counted by hand, of what comes after the stem."""
    config = read('transhupr_hupr')
    full = model_complexity(config)
    assert full.input_shape == (9, 2, 2, 64, 8, 256)
    config.model.backbone.update(num_layers=3, num_fusion_layers=1)
    fewer = model_complexity(config)
    dims, cells = 128, 16 * 64
    encoder_parameters = 12 * dims**2 + 13 * dims
    fusion_parameters = 16 * dims**2 + 19 * dims + 2 * dims  # the norm of the other view's tokens
    assert full.parameters - fewer.parameters == 2 * (encoder_parameters + fusion_parameters)
    attention = 2 * cells**2 * dims
    assert full.total_macs - fewer.total_macs == 2 * (28 * cells * dims**2 + 3 * attention)


def test_losses_and_gradients_of_every_parameter(small_config):
    model = MODELS.build(small_config.model)
    losses = model(**model.data_preprocessor(training_batch(small_config), training=True), mode='loss')
    assert set(losses) == {'loss_oks', 'loss_l1', 'mpjpe_px'} and not losses['mpjpe_px'].requires_grad
    model.parse_losses(losses)[0].backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


@pytest.mark.parametrize('how', ['convolution', 'mean'])
def test_every_frame_of_the_window_matters(small_config, how):
    small_config.model.backbone.frame_merge = how
    model = MODELS.build(small_config.model).eval()
    inputs = model.data_preprocessor(training_batch(small_config))['inputs']
    with torch.no_grad():
        before = model(inputs, None, mode='tensor')
        assert before.shape == (2, 1, 14, 2)
        for frame in range(3):
            other = inputs.clone()
            other[:, frame] += torch.randn_like(other[:, frame])
            assert (model(other, None, mode='tensor') != before).any()


def test_the_key_frame_alone_is_supervised_and_predicted(small_config):
    model = MODELS.build(small_config.model).eval()
    data = model.data_preprocessor(training_batch(small_config))
    with torch.no_grad():
        outputs, losses = model(data['inputs'], None, mode='tensor'), model(**data, mode='loss')
        predictions = model(**data, mode='predict')
        for sample, pose in zip(predictions, outputs[:, 0].sigmoid(), strict=True):
            np.testing.assert_allclose(sample.pred_instances.keypoints[0], pose * 256, rtol=1e-5)
            sample.gt_instance_labels.keypoints[[0, 2]] += 256
        again = model(**data, mode='loss')
    assert not model.predicts_windows and all(torch.equal(value, again[name]) for name, value in losses.items())


def test_a_small_network_learns_one_batch_by_heart(small_config):
    model = MODELS.build(small_config.model)
    data = model.data_preprocessor(training_batch(small_config), training=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    errors_px = []
    while len(errors_px) < 200 and min(errors_px, default=256) > 3:
        optimizer.zero_grad()
        losses = model(**data, mode='loss')
        model.parse_losses(losses)[0].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), **small_config.optim_wrapper.clip_grad)
        optimizer.step()
        errors_px.append(losses['mpjpe_px'].item())
    assert errors_px[0] > 30 and errors_px[-1] <= 3


def test_the_tiny_configuration_trains_and_is_evaluated(small_config):
    check_training_and_evaluation(small_config)


@pytest.mark.parametrize(
    'build, message',
    [
        (partial(TransHuPREncoder, num_views=1), 'num_views must be 2, as each radar attends to the other; found 1'),
        (partial(encoder, size=(16, 36)), r"divisible by 8, the stem's reduction; found \(16, 36\)"),
        (partial(encoder, size=(12, 32)), r'divisible by 8.*found \(12, 32\)'),
        (partial(encoder, num_heads=3), "num_heads must divide the stem's 16 output channels, found 3"),
        (partial(encoder, frame_merge='maximum'), "one of convolution, mean, found 'maximum'"),
        (partial(encoder, stem=dict(channels=(4, 8))), r'ViewStem: 3 blocks need 4 channels, found \[4, 8\]'),
    ],
)
def test_options_that_do_not_fit(build, message):
    with pytest.raises(ConfigError, match=message):
        build()


def test_inputs_that_do_not_fit():
    with pytest.raises(ValueError, match='3 frames, 2 views, 16 angle and 32 range bins'):
        encoder()(torch.zeros(1, 4, 2, 2, 16, 8, 32))
