import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmradar.errors import ConfigError
from mmradar.structures import CoordinateBounds, PoseLabels, key_indices

FRAMES, JOINTS = 3, 4
LIKE = torch.zeros((), dtype=torch.float64)


def sample(dims=2, key_index=1, **meta):
    places = dict(image_size=(640, 480)) if dims == 2 else dict(volume_m=((-1, 0.5, 0), (1, 4.5, 2)))
    meta = dict(key_index=key_index, sigmas=np.full(JOINTS, 0.1, np.float32), **places) | meta
    found = PoseDataSample(metainfo={key: value for key, value in meta.items() if value is not None})
    labels = dict(keypoints=torch.rand(FRAMES, JOINTS, dims), keypoint_weights=torch.ones(FRAMES, JOINTS))
    if dims == 2:
        labels['areas'] = torch.arange(1.0, FRAMES + 1)
    found.gt_instance_labels = InstanceData(**labels)
    return found


def test_shares_and_positions_by_hand():
    image = CoordinateBounds.of([sample(), sample(image_size=(100, 200))], LIKE)
    assert (image.unit, image.dims, image.low.dtype) == ('px', 2, torch.float64)
    px = torch.tensor([[[320.0, 120.0]], [[25.0, 250.0]]])  # batch, joints
    torch.testing.assert_close(image.shares(px), torch.tensor([[[0.5, 0.25]], [[0.25, 1.25]]]).double())
    volume = CoordinateBounds.of([sample(3)], LIKE)
    assert (volume.unit, volume.dims) == ('m', 3) and volume.extent.tolist() == [[2, 4, 2]]
    corners = torch.tensor([[[-1, 0.5, 0], [1, 4.5, 2], [0, 1.5, 1]]]).double()
    torch.testing.assert_close(
        volume.shares(corners), torch.tensor([[[0, 0, 0], [1, 1, 1], [0.5, 0.25, 0.5]]]).double()
    )


@pytest.mark.parametrize('dims', [2, 3])
def test_positions_are_the_inverse_of_shares(dims):
    bounds = CoordinateBounds.of([sample(dims), sample(dims)], LIKE)
    positions = torch.randn(2, FRAMES, JOINTS, dims, dtype=torch.float64)
    torch.testing.assert_close(bounds.positions(bounds.shares(positions)), positions)


def test_a_batch_in_two_dimensions():
    samples = [sample(key_index=0), sample(key_index=2)]
    labels = PoseLabels.of(samples, LIKE, num_keypoints=JOINTS, num_frames=FRAMES)
    assert labels.keypoints.shape == (2, FRAMES, JOINTS, 2) and labels.keypoints.dtype == torch.float64
    torch.testing.assert_close(labels.keypoints[1], samples[1].gt_instance_labels.keypoints.double())
    assert labels.weight.shape == (2, FRAMES, JOINTS) and labels.area.tolist() == [[1, 2, 3]] * 2
    assert labels.key_index.tolist() == [0, 2]
    torch.testing.assert_close(labels.stated('sigmas'), torch.full((2, JOINTS), 0.1).double())


@pytest.mark.parametrize('dims', [2, 3])
def test_key_frames_alone(dims):
    labels = PoseLabels.of([sample(dims, key_index=0), sample(dims, key_index=2)], LIKE)
    key = labels.of_key_frame()
    torch.testing.assert_close(key.keypoints, torch.stack([labels.keypoints[0, :1], labels.keypoints[1, 2:]]))
    assert key.weight.shape == (2, 1, JOINTS) and key.key_index.tolist() == [0, 0]
    assert key.area.tolist() == [[1], [3]] if dims == 2 else key.area is None
    torch.testing.assert_close(key.of_key_frame().keypoints, key.keypoints)


@pytest.mark.parametrize(
    'samples, message',
    [
        ([sample(image_size=None)], "PackRadarInputs.meta_keys must hold 'image_size' or 'volume_m'"),
        ([sample(), sample(3)], 'one for the whole batch'),
        ([sample(key_index=None)], "PackRadarInputs.meta_keys must hold 'key_index'"),
        (
            [sample(image_size=None, volume_m=((0, 0, 0), (1, 1, 1)))],
            'have 2 coordinates, and their volume_m is one of 3',
        ),
        ([PoseDataSample(metainfo=dict(image_size=(2, 2), key_index=0))], 'a sample has no labels to train on'),
    ],
)
def test_samples_that_do_not_say_enough(samples, message):
    with pytest.raises((ConfigError, RuntimeError), match=message):
        PoseLabels.of(samples, LIKE)


def test_sigmas_are_each_sample_s_own():
    samples = [sample(), sample(sigmas=np.full(JOINTS, 0.2, np.float32))]
    assert PoseLabels.of(samples, LIKE).stated('sigmas')[:, 0].tolist() == pytest.approx([0.1, 0.2])


def test_sigmas_of_other_joints_and_areas_of_some_samples_are_not_stated():
    without_area = sample()
    del without_area.gt_instance_labels.areas
    for samples, name in (
        ([sample(sigmas=np.full(JOINTS + 1, 0.1))], 'sigmas'),
        ([sample(sigmas=np.full(1, 0.1))], 'sigmas'),
        ([sample(), sample(sigmas=None)], 'sigmas'),
        ([sample(), without_area], 'area'),
    ):
        with pytest.raises(ConfigError, match=f'needs the {name} of the samples, which they do not all state'):
            PoseLabels.of(samples, LIKE).stated(name)


def test_heads_of_other_sizes():
    with pytest.raises(ConfigError, match='the head has num_keypoints=17, but the labels of the data set have 4'):
        PoseLabels.of([sample()], LIKE, num_keypoints=17)
    with pytest.raises(ConfigError, match='the head has num_frames=9, but the labels of the data set have 3'):
        PoseLabels.of([sample()], LIKE, num_frames=9)


def test_what_not_every_data_set_states():
    labels = PoseLabels.of([sample(3, sigmas=None)], LIKE)
    for name in ('area', 'sigmas'):
        with pytest.raises(ConfigError, match=f'a loss needs the {name}'):
            labels.stated(name)


def test_key_indices_need_no_labels():
    assert key_indices([PoseDataSample(metainfo=dict(key_index=key)) for key in (2, 0)]).tolist() == [2, 0]
