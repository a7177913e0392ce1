import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.evaluation.functional import keypoint_mpjpe
from mmpose.structures import PoseDataSample
from scipy.spatial.transform import Rotation

from hummuss.evaluation import MotionLiftingMetric
from hummuss.evaluation.lifting_errors import (
    aligned_to_root,
    joint_errors,
    pck_and_auc,
    procrustes_aligned,
    scaled,
    velocity_errors,
)
from mmradar.errors import ConfigError, DataError
from mmradar.registry import METRICS


def poses(frames=6, joints=14, seed=0):
    return np.random.default_rng(seed).normal(size=(frames, joints, 3))


def sample(predicted, truth, weights=None, **metainfo):
    sample = PoseDataSample(metainfo=dict(clip_id='clip 7', **metainfo))
    weights = np.ones(truth.shape[:2]) if weights is None else weights
    sample.gt_instance_labels = InstanceData(keypoints_3d=torch.tensor(truth), keypoint_weights=torch.tensor(weights))
    sample.pred_instances = InstanceData(keypoints_3d=torch.tensor(predicted))
    return sample.to_dict()


def evaluate(*samples, **kwargs):
    metric = MotionLiftingMetric(**kwargs)
    metric.process([], list(samples))
    return metric.evaluate(len(samples))


def test_errors_equal_those_of_mmpose():
    predicted, truth = poses(seed=1), poses(seed=2)
    weights = np.ones((6, 14))
    pairs = {
        'none': predicted,
        'procrustes': procrustes_aligned(predicted, truth, weights),
        'scale': scaled(predicted, truth, weights),
    }
    for alignment, aligned in pairs.items():
        expected = keypoint_mpjpe(predicted, truth, weights > 0, alignment)
        assert joint_errors(aligned, truth).mean() == pytest.approx(expected, rel=1e-9)


def test_a_turned_scaled_moved_pose_has_no_error_after_procrustes():
    truth = poses()
    turn = Rotation.from_rotvec([0.4, -2.0, 1.0]).as_matrix()
    moved = 1.7 * truth @ turn.T + [3.0, -1.0, 0.5]
    np.testing.assert_allclose(procrustes_aligned(moved, truth, np.ones((6, 14))), truth, atol=1e-9)


def test_procrustes_does_not_mirror():
    truth = poses()
    mirrored = truth * [-1, 1, 1]
    assert joint_errors(procrustes_aligned(mirrored, truth, np.ones((6, 14))), truth).mean() > 0.3


def test_joints_without_weight_do_not_steer_an_alignment():
    truth = poses()
    moved = 2 * truth
    moved[:, 5] = 1e3
    weights = np.ones((6, 14))
    weights[:, 5] = 0
    for align in (procrustes_aligned, scaled):
        errors = joint_errors(align(moved, truth, weights), truth)
        assert np.delete(errors, 5, axis=1).max() < 1e-9
        assert errors[:, 5].min() > 100


def test_a_prediction_in_one_point_is_moved_but_not_scaled():
    truth = poses()
    point = np.full_like(truth, 2.0)
    expected = np.broadcast_to(truth.mean(axis=1, keepdims=True), truth.shape)
    np.testing.assert_allclose(procrustes_aligned(point, truth, np.ones((6, 14))), expected, atol=1e-12)
    np.testing.assert_array_equal(scaled(0 * truth, truth, np.ones((6, 14))), 0 * truth)


def test_root_may_be_the_middle_of_joints():
    joints = poses()
    centred = aligned_to_root(joints, (0, 3))
    np.testing.assert_allclose(centred[:, 0], -centred[:, 3])
    assert aligned_to_root(joints, None) is joints


def test_velocity_is_blind_to_an_offset():
    truth = poses()
    np.testing.assert_allclose(velocity_errors(truth + 5.0, truth), 0, atol=1e-12)
    drift = truth + np.arange(6)[:, None, None] * [0.0, 0.0, 0.1]
    np.testing.assert_allclose(velocity_errors(drift, truth), 0.1)


def test_pck_and_auc_by_hand():
    # 10 mm is below 28 of the 31 thresholds (15 ... 150), 100 mm below 10 (105 ... 150), 150 and 200 below none
    pck, auc = pck_and_auc(np.array([10.0, 100.0, 150.0, 200.0]))
    assert pck == pytest.approx(50.0)
    assert auc == pytest.approx(100 * (28 + 10) / (31 * 4))
    assert pck_and_auc(np.zeros(3)) == pytest.approx((100.0, 100 * 30 / 31))


def test_metrics_by_hand():
    truth = np.zeros((3, 14, 3))
    truth[:, 6] = [0.0, -0.5, 0.0]  # neck
    predicted = truth.copy()
    predicted[:, 6, 2] = [0.3, 0.3, 0.6]
    metrics = evaluate(sample(predicted, truth))
    assert metrics['lifting/MPJPE'] == pytest.approx(400 / 14)
    assert metrics['lifting/MPJVE'] == pytest.approx(150 / 14)
    assert metrics['lifting/PCK@150'] == pytest.approx(100 * 13 / 14)
    # a frame's best scale is p.g / p.p; the error left is the distance to the ray
    rays = [0.5 * z / np.hypot(0.5, z) for z in (0.3, 0.3, 0.6)]
    assert metrics['lifting/N-MPJPE'] == pytest.approx(1000 * np.mean(rays) / 14)
    assert metrics['lifting/P-MPJPE'] == pytest.approx(0, abs=1e-4)  # two points: a turn does it


def test_roots_are_put_on_each_other_unless_told_otherwise():
    truth = poses()
    assert evaluate(sample(truth + 1.0, truth))['lifting/MPJPE'] == pytest.approx(0, abs=1e-3)
    assert evaluate(sample(truth + 1.0, truth), root=None)['lifting/MPJPE'] == pytest.approx(1000 * 3**0.5)


def test_padding_counts_in_nothing():
    truth = poses()
    predicted = truth.copy()
    predicted[4:] += poses(2, seed=9)
    weights = np.ones((6, 14))
    weights[4:] = 0
    metrics = evaluate(sample(predicted, truth, weights))
    for name in ('MPJPE', 'P-MPJPE', 'N-MPJPE', 'MPJVE'):
        assert metrics[f'lifting/{name}'] == pytest.approx(0, abs=1e-3), name


def test_actions_are_reported_by_themselves_and_averaged():
    truth = poses(joints=14)
    off = np.zeros((14, 1))
    off[6] = 0.14  # the neck alone: 10 mm in the mean
    samples = [
        sample(truth + off * [1, 0, 0], truth, action='walk'),
        sample(truth, truth, action='bow'),
        sample(truth, truth, action='bow'),
    ]
    metrics = evaluate(*samples)
    assert metrics['lifting/MPJPE/walk'] == pytest.approx(10.0)
    assert metrics['lifting/MPJPE/bow'] == pytest.approx(0.0, abs=1e-6)
    assert metrics['lifting/MPJPE'] == pytest.approx(10 / 3)
    assert metrics['lifting/MPJPE_of_actions'] == pytest.approx(5.0)
    assert not [key for key in evaluate(*samples, per_action=False) if 'walk' in key]


def test_a_diverged_prediction_is_an_error_that_names_the_clip():
    truth = poses()
    broken = truth.copy()
    broken[2, 3, 1] = np.nan
    with pytest.raises(DataError, match='clip 7.*diverged'):
        evaluate(sample(broken, truth))


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_some_diverged_predictions_are_counted(value):
    good, broken = poses(), poses(seed=1)
    broken[0, 0, 0] = value
    clips = [sample(good, poses()), sample(broken, poses()), sample(good, poses()), sample(broken, poses())]
    with pytest.raises(DataError, match='MotionLiftingMetric: 2 of 4 predictions hold NaN or infinite numbers'):
        evaluate(*clips)


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_labels_that_are_not_finite_are_an_error(value):
    truth, weights = poses(), np.ones((6, 14))
    truth[5, 2, 0] = value
    with pytest.raises(DataError, match=r'1 of 2 labels hold NaN or infinite numbers, the first that of clip 7'):
        evaluate(sample(poses(), poses()), sample(poses(), truth))
    weights[1, 1] = value
    with pytest.raises(DataError, match='1 of 1 labels'):
        evaluate(sample(poses(), poses(), weights))


def test_no_windows_at_all_are_an_error():
    with pytest.raises(ConfigError, match='nothing to evaluate'):
        evaluate()


# mmpose's, of the configuration for Human3.6M


def h36m(predicted, truth, action='S9_walk_1.0'):
    return dict(
        pred_instances=dict(keypoints=predicted),
        gt_instances=dict(lifting_target=truth, lifting_target_visible=np.ones((*truth.shape[:2], 1))),
        target_img_path=[f'{action}_000001.jpg'],
    )


def mpjpe(config, found):
    metric = METRICS.build(config)
    metric.process([], found)
    return metric.evaluate(len(found))


@pytest.mark.parametrize('mode', ['mpjpe', 'p-mpjpe', 'n-mpjpe'])
def test_mmpose_s_mpjpe_takes_no_misses(mode):
    config = dict(type='MPJPE', mode=mode)
    found = [h36m(poses(seed=seed), poses(seed=seed + 9)) for seed in range(3)]
    expected = mpjpe(config | dict(type='mmpose.MPJPE'), found)
    assert mpjpe(config, found) == expected and expected[mode.upper()] > 0
    found[1]['pred_instances']['keypoints'][2, 3, 1] = np.nan
    with pytest.raises(DataError, match='MPJPE: 1 of 3 predictions hold NaN or infinite numbers'):
        mpjpe(config, found)
    found[1] = h36m(poses(), np.full_like(poses(), np.inf))
    with pytest.raises(DataError, match='MPJPE: 1 of 3 labels hold NaN'):
        mpjpe(config, found)
    with pytest.raises(ConfigError, match='MPJPE: there is nothing to evaluate'):
        mpjpe(config, [])


def test_a_prediction_of_another_shape_is_an_error():
    with pytest.raises(DataError, match=r'clip 7.*\(6, 14, 3\).*\(5, 14, 3\)'):
        evaluate(sample(poses(5), poses(6)))


def test_nothing_to_evaluate_is_an_error():
    with pytest.raises(ConfigError, match='no joint has a label'):
        evaluate(sample(poses(), poses(), np.zeros((6, 14))))


def test_the_metric_is_registered():
    assert METRICS.build(dict(type='MotionLiftingMetric', threshold_mm=100)).threshold_mm == 100
    with pytest.raises(ConfigError, match='threshold_mm'):
        METRICS.build(dict(type='MotionLiftingMetric', threshold_mm=0))
