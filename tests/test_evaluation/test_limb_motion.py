import json

import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from conftest import logged
from mmradar.errors import DataError
from mmradar.evaluation import BodyFrame, HuPRMetric, motion_explained
from mmradar.evaluation.limb_motion import mean_pose_of_file, pairs_of
from mmradar.metainfo import HUPR_METAINFO

META = parse_pose_metainfo(HUPR_METAINFO)
NAMES = META['keypoint_id2name']
FRAME = BodyFrame.of(NAMES)
ALL = slice(None)


def poses(count=50, seed=0):
    """Poses of one mean, of any place and size, whose knees, ankles, elbows and wrists move."""
    rng = np.random.default_rng(seed)
    mean = np.random.default_rng(7).normal(size=(14, 2))
    mean[[0, 3]], mean[6] = [[0.2, 0], [-0.2, 0]], [0, -1]
    pose = np.repeat(mean[None], count, 0)
    moving = [joint for limb in ('knee', 'ankle', 'elbow', 'wrist') for joint in pairs_of(NAMES)[limb]]
    pose[:, moving] += rng.normal(scale=0.3, size=(count, len(moving), 2))
    return rng.uniform(60, 200, size=(count, 1, 2)) + rng.uniform(30, 60, size=(count, 1, 1)) * pose


def explained(predictions, truth, visible=None):
    visible = np.ones(truth.shape[:2]) if visible is None else visible
    mean_pose = FRAME.mean_pose(poses(4000, seed=1), np.ones((4000, 14)))
    return motion_explained(predictions, truth, visible, mean_pose, NAMES)


def test_pairs_have_their_common_name():
    assert pairs_of(NAMES)['wrist'] == (13, 10) and set(pairs_of(NAMES)) == {
        'hip', 'knee', 'ankle', 'shoulder', 'elbow', 'wrist',
    }  # fmt: skip
    assert pairs_of({0: 'left_hip', 1: 'right_hip', 2: 'nose'}) == {'hip': (1, 0)}
    assert BodyFrame.of({0: 'left_hip', 1: 'right_hip', 2: 'nose'}) is None


def test_the_truth_explains_all_the_oracle_nothing_and_half_the_motion_three_quarters():
    truth = poses()
    mean_pose = FRAME.mean_pose(poses(4000, seed=1), np.ones((4000, 14)))
    oracle = FRAME.placed(mean_pose, truth)
    assert explained(truth, truth) == dict.fromkeys(('knee', 'ankle', 'elbow', 'wrist'), 1.0)
    assert explained(oracle, truth) == pytest.approx(dict.fromkeys(('knee', 'ankle', 'elbow', 'wrist'), 0.0), abs=1e-9)
    half = explained((truth + oracle) / 2, truth)
    assert half == pytest.approx(dict.fromkeys(half, 0.75))


def test_a_wrong_place_costs_nothing_a_wrong_size_does():
    truth = poses()
    assert min(explained(truth + [[20, -7]], truth).values()) == pytest.approx(1)
    root = FRAME.root(truth)
    assert max(explained(root + 1.3 * (truth - root), truth).values()) < 0.95


def test_from_its_definition():
    truth, predictions = poses(), poses(seed=3)
    mean_pose = FRAME.mean_pose(poses(4000, seed=1), np.ones((4000, 14)))
    error = reference = 0.0
    for one, guess in zip(truth, predictions):
        root, guessed_root = (one[0] + one[3]) / 2, (guess[0] + guess[3]) / 2
        size = np.hypot(*(one[6] - root))
        for wrist in (10, 13):
            error += ((guess[wrist] - guessed_root - one[wrist] + root) ** 2).sum()
            reference += ((size * mean_pose[wrist] - one[wrist] + root) ** 2).sum()
    assert explained(predictions, truth)['wrist'] == pytest.approx(1 - error / reference)


def test_joints_that_do_not_count_do_not():
    truth, visible = poses(), np.ones((50, 14))
    predictions = truth.copy()
    predictions[::2, 10] += 50
    assert explained(predictions, truth)['wrist'] < 0
    visible[::2, 10] = 0
    truth[::2, 10] = np.nan
    assert explained(predictions, truth, visible)['wrist'] == pytest.approx(1)
    predictions[1], visible[1, 6] = np.inf, 0  # no neck: the whole pose does not count
    assert explained(predictions, truth, visible)['wrist'] == pytest.approx(1)
    predictions[3] = np.inf
    assert explained(predictions, truth, visible)['knee'] == -np.inf


def write(path, keypoints):
    path.write_text(json.dumps([[dict(joints=pose.tolist(), bbox=[0, 0, 1, 1]) for pose in keypoints]]))
    return str(path)


def test_the_metric_takes_the_mean_pose_of_the_training_annotations(tmp_path):
    file = write(tmp_path / 'train.json', poses(4000, seed=1))
    truth = poses()

    def evaluate(**options):
        metric = HuPRMetric(**options)
        metric.dataset_meta = META
        for number, pose in enumerate(truth):
            labels = dict(keypoints=pose[None], keypoints_visible=np.ones((1, 14)), areas=np.array([4000.0]))
            guess = dict(keypoints=pose[None] + [3.0, 0.0])
            metric.process({}, [dict(img_id=number, pred_instances=guess, gt_instances=labels)])
        return metric.evaluate(len(truth))

    found = evaluate(train_ann_file=file)
    assert found['coco/motion_explained_wrist'] == pytest.approx(1)
    assert found['coco/AP_wrist'] == np.mean([found['coco/AP_L_Wrist'], found['coco/AP_R_Wrist']])
    assert not any('motion' in key for key in evaluate())
    (tmp_path / 'empty.json').write_text('[]')  # as `simulate.py --train 0` writes it
    for name in ('missing.json', 'empty.json'):
        with logged() as log:
            assert not any('motion' in key for key in evaluate(train_ann_file=str(tmp_path / name)))
        assert f'{name}, from which the mean training pose is taken, does not exist or has no frames' in log.getvalue()


def test_a_flaw_of_the_training_annotation_is_told_before_the_test(tmp_path):
    (tmp_path / 'flawed.json').write_text('[[{"joints": [[1, 2]]}]]')
    metric = HuPRMetric(train_ann_file=str(tmp_path / 'flawed.json'))
    metric.dataset_meta = META
    with pytest.raises(DataError, match='expected 14 joints'):
        metric.process({}, [])


def test_annotations_with_visibility_and_of_other_joints(tmp_path):
    keypoints = np.concatenate([poses(200, seed=1), np.full((200, 14, 1), 2.0)], axis=-1)
    expected = FRAME.mean_pose(keypoints[..., :2], keypoints[..., 2])
    np.testing.assert_allclose(mean_pose_of_file(write(tmp_path / 'a.json', keypoints), NAMES), expected)
    keypoints[::2, 10] = 0
    found = mean_pose_of_file(write(tmp_path / 'b.json', keypoints), NAMES)
    np.testing.assert_allclose(found[10], FRAME.mean_pose(keypoints[1::2, :, :2], keypoints[1::2, :, 2])[10])
    with pytest.raises(DataError, match='expected 14 joints of two or three numbers a frame'):
        mean_pose_of_file(write(tmp_path / 'c.json', keypoints[:, :13]), NAMES)
    with pytest.raises(DataError, match='a joint is nowhere visible'):
        FRAME.mean_pose(keypoints[..., :2], np.zeros((200, 14)))
