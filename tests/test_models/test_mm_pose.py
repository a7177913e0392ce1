"""mm-Pose's network: a baseline that sees one frame."""

from functools import partial

import numpy as np
import pytest
import torch

from conftest import REPOSITORY, check_training_and_evaluation, on_small_data, training_batch
from mmradar.apis.complexity import model_complexity
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError
from mmradar.models.backbones import ForkedCNN
from mmradar.models.heads import LinearHead
from mmradar.models.layers import DopplerImage
from mmradar.registry import MODELS

FRAMES = 3


def read(name, options=None):
    return load_config(str(REPOSITORY / f'configs/baselines/{name}.py'), options)


@pytest.fixture
def small_config(simulated_root, tmp_path):
    """The tiny configuration on the small data set, narrower still, with windows of three frames."""
    config = on_small_data(read('mmpose_tiny_simhupr', {'num_frames': FRAMES}), simulated_root)
    config.model.backbone.update(channels=(4, 8, 8), hidden=(32, 16))
    config.model.head.in_features = 16
    config.work_dir = str(tmp_path / 'work')
    return config


# Images


def test_an_image_is_the_strongest_doppler_bin_of_each_pixel():
    x = torch.zeros(1, 1, 2, 5, 2)  # angle, Doppler, range
    x[0, 0, 0, 1, 0], x[0, 0, 0, 4, 0] = 3.0, 2.0
    x[0, 0, 1, 4, 1] = 0.5
    x[0, 0, 1, 0, 0] = 1.0
    value, place = DopplerImage()(x)[0]
    assert value.tolist() == [[3, 0], [1, 0.5]]
    assert [place[0, 0], place[1, 1], place[1, 0]] == [-0.5, 1, -1]
    assert torch.equal(DopplerImage(strongest_bin=False)(x)[0], value[None])


def test_an_image_of_real_and_imaginary_parts_is_of_their_magnitude():
    x = torch.randn(2, 2, 4, 8, 6)
    magnitude = torch.complex(x[:, 0], x[:, 1]).abs()[:, None]
    torch.testing.assert_close(DopplerImage()(x), DopplerImage()(magnitude))


def test_an_image_of_one_doppler_bin():
    x = torch.randn(1, 1, 4, 1, 6)
    value, place = DopplerImage()(x)[0]
    assert torch.equal(value, x[0, 0, :, 0]) and (place == 0).all()


# Sizes


def test_the_sizes_of_the_full_configuration():
    """Counted by hand: the first fully connected layer is nearly all of it."""
    complexity = model_complexity(read('mmpose_hupr'))
    assert complexity.input_shape == (1, 2, 1, 64, 8, 64)
    convolutions = 9 * (2 * 16 + 16 * 32 + 32 * 64)
    linear = 2 * 64 * 8 * 8 * 512 + 512 * 256 + 256 * 128 + 128 * 28
    assert complexity.parameters == 2 * (convolutions + 2 * (16 + 32 + 64)) + linear + 512 + 256 + 128 + 28
    pixels = 9 * (2 * 16 * 32**2 + 16 * 32 * 16**2 + 32 * 64 * 8**2)
    assert complexity.macs == {'convolutions': 2 * pixels, 'linear layers': linear}


@pytest.mark.parametrize(
    'views, size, strides, hidden', [(2, (16, 32), (2, 2, 2), (8, 6)), (1, (8, 8), (1, 2, 1), (5,))]
)
def test_features_and_outputs(views, size, strides, hidden):
    encoder = ForkedCNN(FRAMES, views, size, channels=(2, 3, 4), strides=strides, hidden=hidden)
    features = encoder(torch.randn(2, FRAMES, views, 2, size[0], 8, size[1]))
    assert [tuple(part.shape) for part in features] == [(2, hidden[-1])]
    assert (features[0] >= 0).all()
    assert LinearHead(14, hidden[-1])(features).shape == (2, 1, 14, 2)
    codec = dict(type='ClassificationCodec', num_bins=32, sigma=1.5)
    head = LinearHead(5, hidden[-1], codec, {}, dict(kl=dict(type='KLDivergenceLoss')))
    assert head(features).shape == (2, 1, 5, *head.codec.shape)


def test_each_branch_sees_its_own_radar():
    encoder = ForkedCNN(1, 2, (16, 16), channels=(2, 3, 4), hidden=(8,)).eval()
    seen = []
    for branch in encoder.branches:
        branch.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    x = torch.randn(1, 1, 2, 1, 16, 8, 16)
    encoder(x)
    assert all(torch.equal(image, encoder.image(x[:, 0, view])) for view, image in enumerate(seen))
    x[:, :, 1] += 1
    encoder(x)
    assert torch.equal(seen[0], seen[2]) and not torch.equal(seen[1], seen[3])


# The whole


def test_the_network_sees_magnitudes_in_which_doppler_bins_are_comparable(small_config):
    inputs = training_batch(small_config)['inputs'][0]
    assert inputs.shape == (FRAMES, 2, 1, 64, 8, 64)
    np.testing.assert_allclose(inputs.mean((2, 3, 4, 5)), 0, atol=1e-4)
    assert inputs.mean((0, 1, 2, 3, 5)).std() > 0.1  # bins of echoes are brighter than bins of noise


@pytest.mark.parametrize('key', ['first', 'centre', 'last', 0])
def test_all_frames_but_the_key_frame_are_ignored(simulated_root, small_config, key):
    config = on_small_data(read('mmpose_tiny_simhupr', {'num_frames': FRAMES, 'key_frame': key}), simulated_root)
    model = MODELS.build(config.model).eval()
    data = model.data_preprocessor(training_batch(config))
    index = data['data_samples'][0].key_index
    assert index == {'first': 0, 'centre': 1, 'last': 2, 0: 0}[key]
    with torch.no_grad():
        before = model(data['inputs'], None, mode='tensor')
        for frame in range(FRAMES):
            other = data['inputs'].clone()
            other[:, frame] += torch.randn_like(other[:, frame])
            assert torch.equal(model(other, None, mode='tensor'), before) == (frame != index)


def test_losses_and_gradients_of_every_parameter(small_config):
    small_config.model.backbone.update(conv_dropout=0.0, hidden_dropout=0.0)
    model = MODELS.build(small_config.model)
    data = model.data_preprocessor(training_batch(small_config), training=True)
    losses = model(**data, mode='loss')
    assert set(losses) == {'loss_oks', 'loss_l1', 'mpjpe_px'} and not losses['mpjpe_px'].requires_grad
    model.parse_losses(losses)[0].backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []
    others = [frame for frame in range(FRAMES) if frame != data['data_samples'][0].key_index]
    for sample in data['data_samples']:
        sample.gt_instance_labels.keypoints[others] += 256
    again = model(**data, mode='loss')
    torch.testing.assert_close(again['mpjpe_px'], losses['mpjpe_px'])


def test_predictions_are_of_the_key_frame_in_px(small_config):
    model = MODELS.build(small_config.model).eval()
    data = model.data_preprocessor(training_batch(small_config))
    with torch.no_grad():
        outputs = model(data['inputs'], None, mode='tensor')
        predictions = model(**data, mode='predict')
    assert outputs.shape == (2, 1, 14, 2) and not model.predicts_windows
    for sample, pose in zip(predictions, outputs[:, 0].sigmoid(), strict=True):
        np.testing.assert_allclose(sample.pred_instances.keypoints[0], pose * 256, rtol=1e-5)


def test_a_small_network_learns_one_batch_by_heart(small_config):
    small_config.model.backbone.update(conv_dropout=0.0, hidden_dropout=0.0)
    model = MODELS.build(small_config.model)
    data = model.data_preprocessor(training_batch(small_config), training=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    errors_px = []
    while len(errors_px) < 200 and min(errors_px, default=256) > 3:
        optimizer.zero_grad()
        losses = model(**data, mode='loss')
        model.parse_losses(losses)[0].backward()
        optimizer.step()
        errors_px.append(losses['mpjpe_px'].item())
    assert errors_px[0] > 30 and errors_px[-1] <= 3


def test_dropout_is_of_training_alone(small_config):
    model = MODELS.build(small_config.model)
    inputs = model.data_preprocessor(training_batch(small_config))['inputs']
    with torch.no_grad():
        assert not torch.equal(model(inputs, None, mode='tensor'), model(inputs, None, mode='tensor'))
        model.eval()
        assert torch.equal(model(inputs, None, mode='tensor'), model(inputs, None, mode='tensor'))


def test_the_tiny_configuration_trains_and_is_evaluated(small_config):
    check_training_and_evaluation(small_config)


@pytest.mark.parametrize(
    'build, message',
    [
        (partial(ForkedCNN, channels=(8, 8)), r'one stride for each entry of channels, found \[8, 8\] and \[2, 2, 2\]'),
        (partial(ForkedCNN, channels=(), strides=()), r'found \[\] and \[\]'),
        (partial(ForkedCNN, hidden=()), 'hidden must have the width of at least one'),
        (partial(ForkedCNN, input_size=(64, 60)), r'divisible by 8, the product of the strides; found \(64, 60\)'),
        (partial(ForkedCNN, input_size=(60, 64)), r'divisible by 8.*found \(60, 64\)'),
        (partial(ForkedCNN, num_frames=3, key_frame=3), "'first', 'centre', 'last' or 0 to 2, found 3"),
        (partial(ForkedCNN, num_frames=0), 'num_frames must be at least 1, found 0'),
        (
            partial(LinearHead, codec=dict(type='HeatmapCodec', heatmap_size=(16, 12), sigma=1)),
            'LinearHead.losses are of decoded keypoints, to which HeatmapCodec has no gradient',
        ),
    ],
)
def test_options_that_do_not_fit(build, message):
    with pytest.raises(ConfigError, match=message):
        build()


def test_inputs_that_do_not_fit():
    encoder = ForkedCNN(1, 2, (8, 16))
    with pytest.raises(ValueError, match='1 frames, 2 views, 8 angle and 16 range bins'):
        encoder(torch.zeros(1, 1, 2, 1, 16, 8, 8))
    with pytest.raises(ConfigError, match='one channel, a magnitude, or two, real and imaginary part; found 3'):
        encoder(torch.zeros(1, 1, 2, 3, 8, 8, 16))
