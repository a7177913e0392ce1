"""What labels become for a network, and what comes back."""

import numpy as np
import pytest
import torch
from mmpose.codecs import MSRAHeatmap, SimCCLabel

from mmradar.codecs import ClassificationCodec, CoordinateCodec, HeatmapCodec
from mmradar.errors import ConfigError
from mmradar.registry import KEYPOINT_CODECS
from mmradar.structures import CoordinateBounds, PoseLabels

SIZES = torch.tensor([[256.0, 256.0], [640.0, 480.0]])
VOLUMES = torch.tensor([[[-1.0, 0.5, 0.0], [1.0, 4.5, 2.0]], [[0.0, 0.0, -1.0], [3.0, 5.0, 2.0]]])


def labels(dims=2, frames=3, joints=5, inset=0.0):
    """Poses anywhere within an image or a volume, whose edges they keep away from by so much of it."""
    if dims == 2:
        bounds = CoordinateBounds(torch.zeros_like(SIZES), SIZES, 'px')
    else:
        bounds = CoordinateBounds(*VOLUMES.unbind(1), 'm')
    shares = inset + (1 - 2 * inset) * torch.rand(2, frames, joints, dims)
    shares.view(2, -1, dims)[:, 0], shares.view(2, -1, dims)[:, 1] = inset, 1 - inset  # corners
    weight = torch.ones(2, frames, joints)
    weight[1, 1, 3] = 0
    return PoseLabels(bounds.positions(shares), weight, bounds, torch.tensor([1, 2]))


@pytest.mark.parametrize('dims', [2, 3])
@pytest.mark.parametrize('name', ['CoordinateCodec', 'ClassificationCodec'])
def test_poses_come_back_as_they_were(name, dims):
    codec, poses = KEYPOINT_CODECS.build(dict(type=name, dims=dims)), labels(dims)
    encoded, weight = codec.encode(poses)
    assert encoded.shape == (2, 3, 5, *codec.shape) and encoded.dtype == torch.float32
    assert torch.equal(weight, poses.weight)
    keypoints, scores = codec.decode(encoded, poses.bounds)
    # at the edge of an axis, 3 sigma of a Gaussian of 3 of 256 bins are what there is of it: 0.02 bins
    error = (poses.bounds.shares(keypoints) - poses.bounds.shares(poses.keypoints)).abs()
    assert error.max() < (1e-6 if name == 'CoordinateCodec' else 0.02 / 256)
    assert scores.shape == (2, 3, 5) and (scores > 0.98).all() and (scores <= 1).all()


@pytest.mark.parametrize('dims', [2, 3])
@pytest.mark.parametrize('codec', [CoordinateCodec, ClassificationCodec])
def test_raw_outputs_become_keypoints_with_a_gradient(codec, dims):
    codec, poses = codec(dims=dims), labels(dims)
    outputs = torch.randn(2, 3, 5, *codec.shape, requires_grad=True)
    keypoints, scores = codec.decode(codec.activate(outputs), poses.bounds)
    assert keypoints.shape == (2, 3, 5, dims) and ((scores > 0) & (scores <= 1)).all()
    (gradient,) = torch.autograd.grad(keypoints.sum(), outputs)
    assert gradient.isfinite().all() and (gradient.flatten(3).abs().sum(-1) > 0).all()


@pytest.mark.parametrize('sigma, split', [(6.0, 2.0), (2.0, 1.0), (3.5, 4.0)])
def test_classification_targets_are_simcc_s_where_joints_lie_on_bins(sigma, split):
    """mmpose's Gaussian stands on the nearest bin and is normalised by its integral: the same on a bin."""
    theirs = SimCCLabel((64, 64), sigma=sigma, simcc_split_ratio=split)
    codec = ClassificationCodec(num_bins=int(64 * split), sigma=sigma)
    edge_px = 4 * sigma / split  # no part of a Gaussian beyond the image, where mmpose has no bins
    keypoints = torch.randint(int(edge_px), int(64 - edge_px) + 1, (1, 1, 6, 2)).float()
    size = torch.tensor([[64.0, 64.0]])
    bounds = CoordinateBounds(0 * size, size, 'px')
    ours, _ = codec.encode(PoseLabels(keypoints, torch.ones(1, 1, 6), bounds, torch.zeros(1, dtype=torch.int64)))
    expected = theirs.encode(keypoints[0].numpy())
    for axis, name in enumerate(('keypoint_x_labels', 'keypoint_y_labels')):
        inside = ours[0, :, :, axis, codec.margin : codec.margin + codec.num_bins]
        # bins beyond the edges have what mmpose's Gaussian of less than 4 sigma lacks
        np.testing.assert_allclose(inside, expected[name], atol=3e-5)
    decoded, _ = theirs.decode(
        *(ours[0, :, :, axis, codec.margin : codec.margin + codec.num_bins].numpy() for axis in (0, 1))
    )
    np.testing.assert_allclose(decoded, keypoints[0], atol=1e-5)  # and mmpose reads ours


def test_expectation_and_score_of_a_distribution_by_hand():
    codec = ClassificationCodec(num_bins=10, sigma=1.0)
    distribution = torch.zeros(1, 1, 2, 17)  # a joint, two axes, bins -3 to 13
    distribution[0, 0, 0, [3 + 2, 3 + 6]] = torch.tensor([0.25, 0.75])
    distribution[0, 0, 1, 3 + 8] = 1
    size = torch.tensor([[100.0, 50.0]])
    keypoints, scores = codec.decode(distribution, CoordinateBounds(0 * size, size, 'px'))
    torch.testing.assert_close(keypoints, torch.tensor([[[50.0, 40.0]]]))
    assert scores.item() == 1  # both peaks are sharper than a Gaussian's
    distribution[0, 0, 1] = 1 / 17
    _, scores = codec.decode(distribution, CoordinateBounds(0 * size, size, 'px'))
    assert scores.item() == pytest.approx((1 / 17) * (2 * np.pi) ** 0.5, rel=0.01)


def test_a_joint_far_outside_is_drawn_to_the_nearest_bins():
    codec, poses = ClassificationCodec(num_bins=64, sigma=2.0), labels()
    poses.keypoints[0, 0, 0] = torch.tensor([-1000.0, 128.0])
    encoded, _ = codec.encode(poses)
    assert encoded.isfinite().all() and encoded[0, 0, 0, 0].argmax() == 0 and encoded[0, 0, 0, 1].argmax() == 6 + 32


@pytest.mark.parametrize('unbiased', [False, True])
@pytest.mark.parametrize('heatmap_size, sigma', [((64, 64), 2), ((32, 48), 1.5)])
def test_heatmaps_are_mmpose_s(heatmap_size, sigma, unbiased):
    theirs = MSRAHeatmap((256, 256), heatmap_size, sigma, unbiased=unbiased)
    codec = HeatmapCodec(heatmap_size, sigma, drawing=dict(unbiased=unbiased), subcell=True)
    poses = labels()
    if unbiased:
        poses.weight.fill_(1)  # mmpose divides by the maximum of an empty heatmap
    encoded, weight = codec.encode(poses)
    found, scores = codec.decode(encoded, poses.bounds)
    assert encoded.shape == (2, 3, 5, *heatmap_size[::-1])
    for n in range(2):
        for frame in range(3):
            # of an image of 256 x 256 px, as theirs
            pose = (poses.keypoints[n, frame] / SIZES[n] * 256).numpy()[None]
            expected = theirs.encode(pose, poses.weight[n, frame].numpy()[None])
            np.testing.assert_allclose(encoded[n, frame], expected['heatmaps'], atol=1e-5)
            np.testing.assert_array_equal(weight[n, frame], expected['keypoint_weights'][0])
            keypoints, values = theirs.decode(expected['heatmaps'])
            np.testing.assert_allclose(found[n, frame], keypoints[0] / 256 * SIZES[n].numpy(), rtol=1e-4, atol=1e-2)
            np.testing.assert_allclose(scores[n, frame], values[0], atol=1e-5)


@pytest.mark.parametrize('subcell, cells', [(False, 0.5), (True, 0.75)])
def test_poses_come_back_from_heatmaps_within_a_cell(subcell, cells):
    """The strongest cell is at most half a cell off; mmpose's quarter cell, of a rounded target, a quarter more."""
    codec, poses = HeatmapCodec((64, 48), subcell=subcell), labels(inset=0.05)
    keypoints, scores = codec.decode(codec.encode(poses)[0], poses.bounds)
    error = poses.bounds.shares(keypoints) - poses.bounds.shares(poses.keypoints)
    seen = poses.weight > 0
    assert ((error.abs() * torch.tensor([64, 48]))[seen] <= cells + 1e-3).all() and (scores[seen] > 0.99).all()
    assert (scores[~seen] == 0).all()  # of a joint that does not count, nothing is drawn


def test_gaussians_of_two_cells_around_the_nearest_cell():
    """HuPR's: 64 x 64 cells of 4 px."""
    poses = labels(inset=0.12)
    heatmaps, _ = HeatmapCodec().encode(poses)
    rows, columns = np.mgrid[:64, :64]
    for (x, y), heatmap in zip(poses.keypoints[0].flatten(0, 1) / 4, heatmaps[0].flatten(0, 1)):
        distance = np.hypot(columns - np.floor(x + 0.5).item(), rows - np.floor(y + 0.5).item())
        near = distance <= 6
        np.testing.assert_allclose(heatmap[near], np.exp(-(distance[near] ** 2) / 8), atol=1e-6)
        assert (heatmap[distance > 6 * 2**0.5] == 0).all()


def test_a_joint_far_outside_the_image_has_no_heatmap_and_no_weight():
    poses = labels()
    poses.keypoints[0, 0, 2] = torch.tensor([400.0, 100.0])
    heatmaps, weight = HeatmapCodec().encode(poses)
    assert (heatmaps[0, 0, 2] == 0).all() and weight[0, 0, 2] == 0 and weight.sum() == 2 * 3 * 5 - 2


@pytest.mark.parametrize(
    'build, message',
    [
        (lambda: CoordinateCodec(dims=4), 'CoordinateCodec.dims must be 2 or 3, found 4'),
        (lambda: ClassificationCodec(num_bins=0), 'num_bins=0'),
        (lambda: ClassificationCodec(sigma=0.0), 'sigma=0.0'),
        (lambda: ClassificationCodec(dims=3).encode(labels(2)), 'has dims=3, but the samples state image_size'),
        (lambda: HeatmapCodec().encode(labels(3)), 'has dims=2, but the samples state volume_m.*3 coordinates'),
        (lambda: CoordinateCodec().decode(torch.rand(2, 5, 2), labels(3).bounds), 'has dims=2'),
    ],
)
def test_what_does_not_fit_is_refused_in_words(build, message):
    with pytest.raises(ConfigError, match=message):
        build()
