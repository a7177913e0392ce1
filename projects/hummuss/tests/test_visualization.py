from copy import deepcopy

import numpy as np
import pytest
from mmengine.structures import InstanceData

from hummuss.datasets import MotionLiftingDataset
from hummuss.visualization import LiftingVisualizer


@pytest.fixture(scope='module')
def sample():
    data = MotionLiftingDataset(num_clips=1, num_frames=9, motions=['walk'], joint_dropout=0.0, seed=1)
    found = data[0]['data_samples']
    found.pred_instances = InstanceData(keypoints_3d=found.gt_instance_labels.keypoints_3d.clone())
    visualizer = LiftingVisualizer(name=f'test_{np.random.default_rng().integers(1 << 40)}')
    visualizer.dataset_meta = data.metainfo
    return visualizer, data[0]['inputs'].numpy(), found


def panels_that_change(before, after, count):
    width = before.shape[1] / count
    return {int(column // width) for column in np.flatnonzero((before != after).any(axis=(0, 2)))}


def test_a_picture_has_the_input_and_both_poses_from_three_sides(sample):
    visualizer, inputs, found = sample
    before = visualizer.render('x', inputs, found)
    moved = deepcopy(found)
    moved.pred_instances.keypoints_3d[4, 0, 1] += 0.1  # down: seen from the front and from the side
    assert panels_that_change(before, visualizer.render('x', inputs, moved), 7) == {2, 4}
    moved = deepcopy(found)
    moved.pred_instances.keypoints_3d[4, 0, 2] += 0.1  # away
    assert panels_that_change(before, visualizer.render('x', inputs, moved), 7) == {4, 6}
    moved.pred_instances.keypoints_3d[:] = found.pred_instances.keypoints_3d
    moved.pred_instances.keypoints_3d[3] += 1.0  # another frame
    assert not panels_that_change(before, visualizer.render('x', inputs, moved), 7)
    only_truth = visualizer.render('x', inputs, found, draw_pred=False)
    assert only_truth.shape[1] * 7 == pytest.approx(before.shape[1] * 4, rel=0.01)


def test_missing_joints_are_not_drawn(sample):
    visualizer, inputs, found = sample
    before = visualizer.render('x', inputs, found)
    missing = inputs.copy()
    missing[4, 3] = 0.0
    after = visualizer.render('x', missing, found)
    assert panels_that_change(before, after, 7) == {0}
    bright = [(picture[..., :].min(axis=-1) > 200)[60:, : before.shape[1] // 7].sum() for picture in (before, after)]
    assert bright[1] < bright[0]
    nothing = np.zeros_like(inputs)
    assert panels_that_change(before, visualizer.render('x', nothing, found), 7) == {0}
