"""HuPR's network: the baseline."""

from functools import partial

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from conftest import REPOSITORY, SMALL_RADAR, check_training_and_evaluation, on_small_data, training_batch
from mmradar.apis.complexity import model_complexity
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError
from mmradar.models.backbones import HuPREncoder
from mmradar.models.heads import HuPRHead
from mmradar.models.layers import (
    HUPR_LINKS,
    PRGCN,
    CellAttention,
    ConvShortcutBlock,
    CrossSelfAttention,
    GraphConvolution,
    ViewPyramid,
    adjacency_matrix,
)
from mmradar.models.layers.view_pyramid import interleave_parts
from mmradar.registry import DATASETS, MODELS
from mmradar.structures import PoseLabels


def read(name):
    return load_config(str(REPOSITORY / f'configs/baselines/{name}.py'))


@pytest.fixture
def small_config(simulated_root, tmp_path):
    """The tiny configuration on the small data set, narrower still."""
    config = on_small_data(read('hupr_tiny_simhupr'), simulated_root)
    config.model.backbone.stem.update(channels=2, stride=4)
    config.model.head.update(channels=2)
    config.model.head.codec.update(heatmap_size=(16, 16))
    config.work_dir = str(tmp_path / 'work')
    return config


# Layers


def test_attention_against_a_loop():
    layer = CellAttention(3)
    maps, asking = torch.randn(2, 2, 3, 2, 4)
    key, query = layer.key.weight[..., 0, 0], layer.query.weight[..., 0, 0]
    expected = torch.empty_like(maps)
    for n in range(2):
        cells, askers = maps[n].flatten(1), asking[n].flatten(1)
        for p in range(8):
            likeness = torch.stack([(key @ cells[:, q]) @ (query @ askers[:, p]) for q in range(8)])
            expected[n].view(3, 8)[:, p] = sum(share * cells[:, q] for q, share in enumerate(likeness.softmax(0)))
    torch.testing.assert_close(layer(maps, asking), expected)


def test_fusion_concatenates_cross_with_residual_and_self_without_of_both_radars():
    layer = CrossSelfAttention(3)
    for attention in (*layer.cross, *layer.own):
        torch.nn.init.zeros_(attention.key.weight)  # all cells are alike: every answer is the map's mean
    hori, vert = torch.randn(2, 2, 3, 4, 4)
    means = [maps.mean((2, 3), keepdim=True).expand_as(maps) for maps in (hori, vert)]
    expected = torch.cat([means[0] + hori, means[0], means[1] + vert, means[1]], dim=1)
    torch.testing.assert_close(layer(hori, vert), expected)


def test_only_the_cross_parts_look_at_the_other_radar():
    layer = CrossSelfAttention(3)
    hori, vert = torch.randn(2, 1, 3, 4, 4)
    changed = (layer(hori, torch.randn(1, 3, 4, 4)) - layer(hori, vert))[0].abs().amax((1, 2)) > 1e-6
    assert changed.tolist() == [True] * 3 + [False] * 3 + [True] * 6


def test_graph_convolution_against_a_loop():
    neighbours = {0: [0, 1], 1: [1], 2: [1, 2]}  # 0 and 2 hear 1, which hears nobody
    layer = GraphConvolution(4, 5, adjacency_matrix(3, [(1, 0), (1, 2)]))
    x = torch.randn(2, 3, 4)
    for n in range(2):
        for node, heard in neighbours.items():
            expected = layer.linear.weight @ sum(x[n, other] for other in heard) + layer.bias[node]
            torch.testing.assert_close(layer(x)[n, node], expected)


def test_whom_each_joint_hears():
    names = DATASETS.get('HuPRDataset')._load_metainfo()['keypoint_id2name']
    hears = {
        names[i]: {names[j] for j in row.nonzero()[:, 0].tolist()} - {names[i]}
        for i, row in enumerate(adjacency_matrix(14, HUPR_LINKS))
    }
    assert hears['Neck'] == {'Head', 'L_Shoulder', 'R_Shoulder'} and hears['Head'] == {'Neck'}
    for side, other in (('L', 'R'), ('R', 'L')):
        assert hears[f'{side}_Hip'] == {f'{side}_Knee', f'{other}_Hip'}
        assert hears[f'{side}_Knee'] == {f'{side}_Hip', f'{side}_Ankle'} and hears[f'{side}_Ankle'] == {f'{side}_Knee'}
        assert hears[f'{side}_Shoulder'] == {f'{side}_Elbow'} and hears[f'{side}_Wrist'] == {f'{side}_Elbow'}
        assert hears[f'{side}_Elbow'] == {f'{side}_Shoulder', f'{side}_Wrist'}


def test_a_heatmap_reaches_as_far_as_there_are_layers():
    heatmaps = torch.randn(1, 14, 6, 8)
    other = heatmaps.clone()
    other[:, 10] += torch.randn(6, 8)  # left wrist
    for layers, reached in ((1, [9, 10]), (2, [8, 9, 10]), (3, [6, 8, 9, 10]), (4, [6, 7, 8, 9, 10])):
        net = PRGCN(heatmap_size=(8, 6), num_layers=layers)
        assert net(heatmaps).shape == heatmaps.shape
        changed = (net(other) - net(heatmaps))[0].abs().amax((1, 2)) > 0
        assert changed.nonzero()[:, 0].tolist() == reached


@pytest.mark.parametrize('layers, expected', [(1, -3.0), (2, 0.0), (3, 0.0)])
def test_relu_stands_between_graph_convolutions_and_nowhere_else(layers, expected):
    net = PRGCN(heatmap_size=(4, 4), links=(), num_layers=layers)
    for layer in net.layers:
        torch.nn.init.eye_(layer.linear.weight)
        torch.nn.init.zeros_(layer.bias)
    heatmaps = torch.full((1, 14, 4, 4), -3.0)
    heatmaps[:, 0] = 2
    torch.testing.assert_close(net(heatmaps), torch.where(heatmaps > 0, 2.0, expected))


def test_block_is_a_sum_of_three_convolutions():
    block = ConvShortcutBlock(2, 3, dims=2, norm=False, activation=torch.nn.PReLU)
    x = torch.randn(1, 2, 5, 6)
    conv = partial(torch.nn.functional.conv2d, padding=1)
    first, second, shortcut = block.main[0].weight, block.main[2].weight, block.shortcut[0].weight
    hidden = conv(x, first)
    total = conv(hidden.clamp_min(0) + 0.25 * hidden.clamp_max(0), second) + conv(x, shortcut)
    torch.testing.assert_close(block(x), total.clamp_min(0) + 0.25 * total.clamp_max(0))
    assert ConvShortcutBlock(2, 3, dims=3)(torch.randn(2, 2, 4, 5, 6)).shape == (2, 3, 4, 5, 6)


@pytest.mark.parametrize('frames, stride', [(8, 1), (9, 1), (4, 2)])
def test_pyramid_halves_range_and_angle_and_merges_all_frames(frames, stride):
    net = ViewPyramid(frames, channels=2, stride=stride).eval()
    x = torch.randn(1, frames, 2, 8, 8, 16)  # angle, Doppler, range
    maps = net(x)
    expected = [(1, 4, 16, 8), (1, 8, 8, 4), (1, 16, 4, 2)]
    assert [tuple(m.shape) for m in maps] == [(n, c, r // stride, a // stride) for n, c, r, a in expected]
    for frame in (0, frames - 1):
        other = x.clone()
        other[:, frame] += torch.randn(2, 8, 8, 16)
        assert all((b - a).abs().max() > 0 for a, b in zip(maps, net(other)))


def test_interleaved_parts_by_hand():
    x = torch.tensor([[f * 10.0 + b for b in range(8)] for f in (0, 1)])[None]  # part and bin
    assert interleave_parts(x)[0].tolist() == [[0, 10, 1, 11, 2, 12, 3, 13], [4, 14, 5, 15, 6, 16, 7, 17]]
    plain, interleaved = ViewPyramid(4, channels=2).eval(), ViewPyramid(4, channels=2, interleaved=True).eval()
    interleaved.load_state_dict(plain.state_dict())
    x = torch.randn(1, 4, 2, 8, 8, 8)
    reordered = interleave_parts(x[0].transpose(2, 3)).transpose(2, 3)[None]
    assert torch.equal(interleaved(x)[0], plain(reordered)[0])
    assert not torch.equal(interleaved(x)[0], plain(x)[0])


def test_rows_are_range_and_columns_angle():
    net = ViewPyramid(4, channels=2).eval()
    x = torch.randn(1, 4, 2, 24, 8, 24)
    other = x.clone()
    other[:, :, :, 20, :, 3] += 5
    changed = (net(other)[0] - net(x)[0])[0].abs().amax(0) > 0
    rows, columns = changed.any(1).nonzero()[:, 0], changed.any(0).nonzero()[:, 0]
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (0, 6, 17, 23)  # three 3-wide convolutions


# Head


KEY = 2


def sample(keypoints_px, weights=None, image_size=(256, 256)):
    """A window of four frames whose key frame holds the pose; the others are elsewhere."""
    labels = torch.rand(4, 14, 2) * torch.tensor(image_size)
    labels[KEY] = torch.as_tensor(keypoints_px)
    visible = torch.ones(4, 14) if weights is None else torch.as_tensor(weights).expand(4, 14)
    data = PoseDataSample(metainfo=dict(image_size=image_size, key_index=KEY))
    data.gt_instance_labels = InstanceData(
        keypoints=labels.float(), keypoint_weights=visible.float(), areas=torch.ones(4)
    )
    return data


def head(**options):
    return HuPRHead(channels=2, **options)


def predicting(model, targets):
    """The head, with these heatmaps as its refined ones."""
    model.forward = lambda feats: (torch.randn_like(targets), targets.logit(1e-6))
    return model


def targets_of(model, samples):
    labels = PoseLabels.of(samples, torch.zeros(())).of_key_frame()
    return model.codec.encode(labels)[0].squeeze(1)


@pytest.mark.no_shape_checks
@pytest.mark.parametrize(
    'size, sigma, subcell, nearest_px', [(64, 2, False, 2), (64, 2, True, 3), (32, 1, False, 4), (32, 1, True, 6)]
)
def test_targets_come_back_as_predictions_within_half_a_cell(size, sigma, subcell, nearest_px):
    """The strongest cell is at most half a cell off; the codec's quarter cell, of a rounded target, a quarter more."""
    model = head(codec=dict(type='HeatmapCodec', heatmap_size=(size, size), sigma=sigma, subcell=subcell))
    poses = np.random.default_rng(1).uniform(2, 250, (3, 14, 2)).astype(np.float32)
    samples = [sample(pose) for pose in poses]
    predictions = predicting(model, targets_of(model, samples)).predict((), samples)
    for pose, found in zip(poses, predictions, strict=True):
        assert found.keypoints.shape == (1, 14, 2) and found.keypoint_scores.shape == (1, 14)
        assert np.abs(found.keypoints[0] - pose).max() <= nearest_px + 1e-3
        np.testing.assert_allclose(found.keypoint_scores, 1, atol=1e-5)


@pytest.mark.no_shape_checks
@pytest.mark.parametrize('subcell', [False, True])
def test_the_target_covers_images_of_any_size(subcell):
    model = head(codec=dict(type='HeatmapCodec', subcell=subcell))
    poses = np.random.default_rng(1).uniform((10, 10), (630, 470), (3, 14, 2)).astype(np.float32)
    samples = [sample(pose, image_size=(640, 480)) for pose in poses]
    predicting(model, targets_of(model, samples))
    nearest_px = np.array([640, 480]) / 64 * (0.75 if subcell else 0.5)  # of one cell, see the test above
    found = np.stack([prediction.keypoints[0] for prediction in model.predict((), samples)])
    assert (np.abs(found - poses) <= nearest_px + 1e-3).all()
    error = model.loss((), samples)['mpjpe_px']
    model.codec.subcell = False  # what the error in the log is of
    strongest = np.stack([prediction.keypoints[0] for prediction in model.predict((), samples)])
    assert error == pytest.approx(np.linalg.norm(strongest - poses, axis=-1).mean(), rel=1e-4)


@pytest.mark.no_shape_checks
def test_losses_are_cross_entropies_of_visible_joints():
    model, (logits, refined) = head(), torch.randn(2, 1, 14, 64, 64)
    model.forward = lambda feats: (logits, refined)
    visible = torch.ones(14)
    visible[5] = 0
    pose = torch.full((14, 2), 100.0)
    losses = model.loss((), [sample(pose, visible)])
    target = targets_of(model, [sample(pose, visible)])
    for name, maps in (('loss_heatmap', logits), ('loss_refined', refined)):
        p = maps.sigmoid()
        entropy = -(target * p.log() + (1 - target) * (1 - p).log())
        entropy[:, 5] = 0
        torch.testing.assert_close(losses[name], entropy.mean())
    strongest = refined.flatten(2).argmax(-1)[0]
    error = (torch.stack((strongest % 64, strongest // 64), dim=-1) * 4 - pose).norm(dim=-1)
    torch.testing.assert_close(losses['mpjpe_px'], error[visible > 0].mean())
    assert set(head(losses=dict(heatmap=None, refined=dict(type='BCELoss'))).losses) == {'refined'}


# The whole


def test_the_full_configuration_has_the_published_size():
    complexity = model_complexity(read('hupr_hupr'))
    assert complexity.input_shape == (8, 2, 2, 64, 8, 64)
    assert complexity.parameters == pytest.approx(35.5e6, rel=0.002)
    assert complexity.total_macs == pytest.approx(68.6e9, rel=0.002)


def test_the_full_configuration_s_input(simulated_root):
    options = read('hupr_hupr').train_dataloader.dataset
    options.update(data_root=str(simulated_root), sequences=None, radar=SMALL_RADAR)
    dataset = DATASETS.build(options)
    assert dataset.get_data_info(4)['frame_indices'].tolist() == [0, 1, 2, 3, 4, 4, 4, 4]  # t - 4 to t + 3, five frames
    window = dataset[4]
    assert window['inputs'].shape == (8, 2, 2, 64, 8, 64)
    assert window['inputs'].isfinite().all() and window['inputs'].std() > 0.1
    data_sample = window['data_samples']
    np.testing.assert_array_equal(data_sample.gt_instances.keypoints[0], data_sample.gt_instance_labels.keypoints[4])


def test_gradients_of_every_parameter(small_config):
    model = MODELS.build(small_config.model)
    losses = model(**model.data_preprocessor(training_batch(small_config), training=True), mode='loss')
    assert set(losses) == {'loss_heatmap', 'loss_refined', 'mpjpe_px'} and not losses['mpjpe_px'].requires_grad
    model.parse_losses(losses)[0].backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


def test_a_small_network_learns_where_the_joints_of_one_batch_are(small_config):
    model = MODELS.build(small_config.model)
    data = model.data_preprocessor(training_batch(small_config), training=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    errors_px = []
    while len(errors_px) < 100 and min(errors_px, default=256) > 16:  # a cell is 16 px
        optimizer.zero_grad()
        losses = model(**data, mode='loss')
        model.parse_losses(losses)[0].backward()
        optimizer.step()
        errors_px.append(losses['mpjpe_px'].item())
    assert errors_px[0] > 80 and errors_px[-1] <= 16


@pytest.mark.parametrize('subcell', [False, True])
def test_steps_predict_the_same_outside_no_grad(small_config, subcell):
    small_config.model.head.codec.subcell = subcell
    model = MODELS.build(small_config.model).eval()
    found = model.test_step(training_batch(small_config))
    with torch.no_grad():
        expected = model.test_step(training_batch(small_config))
    for sample, other in zip(found, expected, strict=True):
        for name in ('keypoints', 'keypoint_scores'):
            np.testing.assert_allclose(sample.pred_instances[name], other.pred_instances[name], rtol=1e-4, atol=1e-4)


def test_the_tiny_configuration_trains_and_is_evaluated(small_config):
    check_training_and_evaluation(small_config)


@pytest.mark.parametrize(
    'build, message',
    [
        (partial(HuPREncoder, num_frames=3), 'num_frames must be at least 4.*found 3'),
        (partial(HuPREncoder, num_views=1), 'num_views must be 2.*found 1'),
        (partial(HuPREncoder, input_size=(64, 62)), r'divisible by 4.*found \(64, 62\)'),
        (partial(HuPREncoder, stem=dict(stride=2), input_size=(60, 64)), r'divisible by 8.*found \(60, 64\)'),
        (partial(head, losses=dict(refinde=dict(type='BCELoss'))), "'heatmap' and 'refined', found 'refinde'"),
        (partial(head, links=[(0, 14)]), r'between nodes 0 and 13, found \(0, 14\)'),
        (partial(PRGCN, heatmap_size=(63, 64)), r'heatmap_size must be even, found \(63, 64\)'),
        (partial(ConvShortcutBlock, 2, 3, dims=1), 'dims must be 2 or 3, found 1'),
    ],
)
def test_options_that_do_not_fit(build, message):
    with pytest.raises(ConfigError, match=message):
        build()


def test_inputs_that_do_not_fit():
    encoder = HuPREncoder(4, input_size=(8, 16), stem=dict(channels=2)).eval()
    with pytest.raises(ValueError, match='4 frames, 2 views, 8 angle and 16 range bins'):
        encoder(torch.zeros(1, 4, 2, 2, 16, 8, 8))
    with pytest.raises(ConfigError, match=r'finest map, \(8, 16\); found \(64, 64\)'):
        head()(encoder(torch.zeros(1, 4, 2, 2, 8, 8, 16)))
