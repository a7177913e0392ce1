"""Joints that are not labelled, in HuPR's annotation files."""

import json

import numpy as np
import pytest

from mmradar.datasets.datasets.hupr_annotation import load_hupr_annotation
from mmradar.errors import DataError

FRAMES, JOINTS = 3, 4


def frames(joints):
    """A sequence whose second frame has these joints."""
    plain = [[10.0 * joint, 20.0] for joint in range(JOINTS)]
    return [dict(joints=joints if frame == 1 else plain, bbox=[0, 0, 40, 50]) for frame in range(FRAMES)]


def load(tmp_path, entries):
    path = tmp_path / 'annotation.json'
    path.write_text(json.dumps([entries]))  # NaN is written as NaN, None as null
    return load_hupr_annotation(path, [5], JOINTS, (256, 256), 16)[0]


def test_joints_without_a_visibility_all_count(tmp_path):
    found = load(tmp_path, frames([[1, 2], [3, 4], [5, 6], [7, 8]]))
    assert found.keypoints[1].tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert found.keypoints_visible.dtype == np.float32 and (found.keypoints_visible == 1).all()
    assert found.keypoints_visible.shape == (FRAMES, JOINTS)


def test_visibility_is_coco_s(tmp_path):
    found = load(tmp_path, frames([[1, 2, 2], [3, 4, 1], [5, 6, 0], [7, 8, 2]]))
    assert found.keypoints_visible.tolist() == [[1, 1, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1]]
    assert found.keypoints[1].tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert found.areas.tolist() == [1000] * FRAMES


@pytest.mark.parametrize(
    'position', [(float('nan'), float('nan')), (None, None), (float('inf'), 3), (-4000, 9), (0, 0)]
)
def test_a_joint_that_is_not_labelled_may_be_anywhere(tmp_path, position):
    found = load(tmp_path, frames([[1, 2, 2], [*position, 0], [5, 6, 2], [7, 8, 2]]))
    assert found.keypoints_visible[1].tolist() == [1, 0, 1, 1]
    assert found.keypoints[1, [0, 2, 3]].tolist() == [[1, 2], [5, 6], [7, 8]]


@pytest.mark.parametrize(
    'joint, message',
    [
        ([None, 3, 2], r'frame 1, joint 2: expected a finite position, found \[nan, 3.0\]'),
        ([3, 300, 1], r'frame 1, joint 2: expected a position within .-16.* px'),
        ([3, 4, 3], r'frame 1, joint 2: expected a visibility of 0, 1 or 2, found \[3.0, 4.0, 3.0\]'),
        ([3, 4, None], 'frame 1, joint 2: expected a visibility of 0, 1 or 2'),
        ([3, 4, 2, 1], "frame 1: 'joints' holds something that is no number"),
        ([3, 'right', 0], "frame 1: 'joints' holds something that is no number"),
    ],
)
def test_joints_that_are_refused(tmp_path, joint, message):
    with pytest.raises(DataError, match=f'annotation.json, sequence 5, {message}'):
        load(tmp_path, frames([[1, 2, 2], [3, 4, 2], joint, [7, 8, 2]]))


def test_four_numbers_a_joint_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected 'joints' of shape \(4, 2\) or \(4, 3\), found \(4, 4\)"):
        load(tmp_path, frames([[1, 2, 3, 2]] * JOINTS))
