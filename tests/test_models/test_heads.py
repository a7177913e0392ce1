"""Query heads with each codec, in an image and in a volume: a task that takes seconds."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmradar.errors import ConfigError
from mmradar.models.heads import KeyFrameHead, STCAHead

FRAMES, JOINTS, DIMS = 3, 4, 16
PLACES = {2: dict(image_size=(640, 480)), 3: dict(volume_m=((-1.0, 0.5, 0.0), (1.0, 4.5, 2.0)))}
RANGES = {2: ((0, 0), (640, 480)), 3: PLACES[3]['volume_m']}


def windows(coordinates, key_index=1, count=8):
    """Tokens that say where each joint is, and the samples that say so too."""
    low, high = (torch.tensor(bound).float() for bound in RANGES[coordinates])
    samples, tokens = [], []
    for _ in range(count):
        shares = torch.rand(FRAMES, JOINTS, coordinates)
        sample = PoseDataSample(metainfo=dict(key_index=key_index, **PLACES[coordinates]))
        sample.gt_instance_labels = InstanceData(
            keypoints=low + shares * (high - low), keypoint_weights=torch.ones(FRAMES, JOINTS)
        )
        samples.append(sample)
        tokens.append(torch.nn.functional.pad(shares.view(FRAMES, -1), (0, DIMS - JOINTS * coordinates)))
    return (torch.stack(tokens),), samples


def head(cls=STCAHead, **options):
    sizes = dict(num_keypoints=JOINTS, num_frames=FRAMES, embed_dims=DIMS, num_layers=1, num_heads=2)
    return cls(**sizes | options)


def errors(model, feats, samples):
    """Distance of each joint of the key frame from where it is, (samples, joints)."""
    with torch.no_grad():
        found = model.predict(feats, samples)
    return np.stack([
        np.linalg.norm(instance.keypoints[0] - sample.gt_instance_labels.keypoints[sample.key_index].numpy(), axis=-1)
        for instance, sample in zip(found, samples)
    ])  # fmt: skip


def learn(model, feats, samples, steps):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        losses = model.loss(feats, samples)
        sum(loss for name, loss in losses.items() if name.startswith('loss')).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
        optimizer.step()
    return losses


L1 = dict(l1=dict(type='KeypointL1Loss'))
KL = dict(kl=dict(type='KLDivergenceLoss'))


@pytest.mark.parametrize('cls', [STCAHead, KeyFrameHead])
@pytest.mark.parametrize('coordinates, unit, close', [(2, 'px', 40), (3, 'm', 0.25)])
@pytest.mark.parametrize('name', ['CoordinateCodec', 'ClassificationCodec', 'both losses'])
def test_a_head_learns_a_few_poses_by_heart(cls, coordinates, unit, close, name):
    codec = dict(type='CoordinateCodec', dims=coordinates)
    if name != 'CoordinateCodec':
        codec = dict(type='ClassificationCodec', num_bins=32, sigma=1.5, dims=coordinates)
    options = dict(losses={} if name == 'ClassificationCodec' else L1)
    if name != 'CoordinateCodec':
        options['target_losses'] = KL
    feats, samples = windows(coordinates)
    model = head(cls, codec=codec, **options)
    before = errors(model, feats, samples)
    losses = learn(model, feats, samples, 300)
    after = errors(model, feats, samples)
    assert before.mean() > 3 * close and after.mean() < close
    logged = {f'loss_{loss}' for group in options.values() for loss in group} | {f'mpjpe_{unit}'}
    assert set(losses) == logged
    if cls is KeyFrameHead:
        assert losses[f'mpjpe_{unit}'].item() == pytest.approx(after.mean(), rel=0.3)


@pytest.mark.parametrize('cls', [STCAHead, KeyFrameHead])
def test_predictions_are_of_each_sample_s_key_frame_and_have_scores(cls):
    feats, samples = windows(2)
    model = head(cls, losses={}, codec=dict(type='ClassificationCodec', num_bins=32, sigma=1.5), target_losses=KL)
    for number, sample in enumerate(samples):
        sample.set_metainfo(dict(key_index=number % FRAMES))
    unlabelled = [PoseDataSample(metainfo=sample.metainfo) for sample in samples]
    with torch.no_grad():
        found = model.predict(feats, unlabelled)
        outputs = model(feats)
    for number, instance in enumerate(found):
        frame = 0 if cls is KeyFrameHead else number % FRAMES
        expected = (outputs[number, frame].softmax(-1) * torch.arange(-5.0, 38)).sum(-1) / 32 * torch.tensor([640, 480])
        np.testing.assert_allclose(instance.keypoints[0], expected, rtol=1e-4)
        assert instance.keypoints.shape == (1, JOINTS, 2) and instance.keypoint_scores.shape == (1, JOINTS)
        assert (instance.keypoint_scores > 0).all() and (instance.keypoint_scores < 1).all()


def test_scores_rise_with_what_is_learned():
    feats, samples = windows(2)
    model = head(losses={}, codec=dict(type='ClassificationCodec', num_bins=32, sigma=1.5), target_losses=KL)
    before = model.predict(feats, samples)
    learn(model, feats, samples, 100)
    after = model.predict(feats, samples)
    assert np.mean([found.keypoint_scores for found in after]) > 2 * np.mean(
        [found.keypoint_scores for found in before]
    )


def test_heatmaps_as_outputs_of_queries():
    feats, samples = windows(2)
    codec = dict(type='HeatmapCodec', heatmap_size=(16, 12), sigma=1)
    losses = dict(heatmap=dict(type='KeypointMSELoss'))
    with pytest.raises(ConfigError, match='HeatmapCodec has no gradient: set losses=dict'):
        head(codec=codec)
    model = head(codec=codec, losses={}, target_losses=dict(bce=dict(type='BCELoss')))
    assert model(feats).shape == (8, FRAMES, JOINTS, 12, 16)
    first = model.loss(feats, samples)
    last = learn(model, feats, samples, 60)
    assert last['loss_bce'] < 0.3 * first['loss_bce'] and losses


def test_width_of_the_outputs_is_the_codec_s():
    assert head().to_coordinates[-1].out_features == 2
    for codec in (dict(type='CoordinateCodec', dims=3), dict(dims=3)):  # the default, too
        assert head(codec=codec, losses=L1).to_coordinates[-1].out_features == 3
    assert head(codec=dict(type='ClassificationCodec', num_bins=32, sigma=1)).to_coordinates[-1].out_features == 2 * 39


def scored(score_loss=True, **options):
    torch.manual_seed(0)
    return head(losses=L1, score_loss=dict(type='KeypointScoreLoss') if score_loss else None, **options)


def with_areas(samples):
    for sample in samples:
        sample.gt_instance_labels.areas = torch.full((FRAMES,), 4e4)
        sample.set_metainfo(dict(sigmas=np.full(JOINTS, 0.08, np.float32)))
    return samples


def with_a_joint_that_nobody_can_see(count):
    feats, samples = windows(2, count=count)
    for sample in with_areas(samples):  # the others are at the same place in all windows
        sample.gt_instance_labels.keypoints[:, :-1] = torch.tensor([[200.0, 100], [300, 200], [400, 300]])
        sample.gt_instance_labels.keypoints[:, -1] = torch.rand(FRAMES, 2) * torch.tensor([640, 480])
    return feats, samples


def test_scores_are_the_oks_to_be_expected_of_each_joint():
    model = scored()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for _ in range(500):
        losses = model.loss(*with_a_joint_that_nobody_can_see(16))
        optimizer.zero_grad()
        (losses['loss_l1'] + losses['loss_score']).backward()
        optimizer.step()
    feats, samples = with_a_joint_that_nobody_can_see(64)
    distance = errors(model, feats, samples)
    scores = np.concatenate([found.keypoint_scores for found in model.predict(feats, samples)])
    assert ((scores > 0) & (scores < 1)).all()
    oks = np.exp(-(distance**2) / (2 * 4e4 * 0.16**2))
    np.testing.assert_allclose(scores.mean(0), oks.mean(0), atol=0.1)
    assert oks[:, :-1].mean() > 3 * oks[:, -1].mean()


def test_poses_get_no_gradient_from_their_scores():
    feats, samples = windows(2)
    with_areas(samples)
    grads = []
    for score_loss in (True, False):
        model = scored(score_loss)
        losses = model.loss(feats, samples)
        sum(loss for name, loss in losses.items() if name.startswith('loss')).backward()
        grads.append({name: p.grad for name, p in model.named_parameters()})
    own = set(grads[0]) - set(grads[1])
    assert {name.partition('.')[0] for name in own} == {'to_scores'} and all(grads[0][name].any() for name in own)
    for name, grad in grads[1].items():
        torch.testing.assert_close(grads[0][name], grad, rtol=0, atol=0)
    assert (scored(False).predict(feats, samples)[0].keypoint_scores == 1).all()


def test_scores_need_areas():
    feats, samples = windows(2)
    with pytest.raises(ConfigError, match='a loss needs the area of the samples'):
        scored().loss(feats, samples)
