import json

import numpy as np
import pytest
from mmpose.evaluation.metrics import JhmdbPCKAccuracy, PCKAccuracy

from conftest import logged
from glsmamba.datasets.posetrack_files import POSETRACK17_JOINTS, POSETRACK_KEYPOINTS
from glsmamba.evaluation import PoseTrackAP
from glsmamba.evaluation.pose_nms import kept_poses
from glsmamba.evaluation.posetrack_ap import FramePoses, assign, average_precision, posetrack_ap, poseval_ap
from mmradar.errors import ConfigError, DataError
from mmradar.registry import METRICS

RNG = np.random.default_rng(0)
BODY = RNG.uniform(0, 100, (15, 2))


def frame(truth, predicted, annotated=None, scores=None, head=10.0):
    truth, predicted = np.reshape(truth, (-1, 15, 2)), np.reshape(predicted, (-1, 15, 2))
    annotated = np.ones(truth.shape[:2], bool) if annotated is None else annotated
    scores = np.ones(predicted.shape[:2]) if scores is None else scores
    return FramePoses(truth, annotated, np.full(len(truth), head), predicted, scores)


# the definition, by hand


def test_average_precision_by_hand():
    # right, wrong, right of 3 to find: precision 1, 1/2, 2/3, made monotone 1, 2/3, 2/3; recall 1/3, 1/3, 2/3
    ap = average_precision(np.array([0.2, 0.9, 0.5]), np.array([True, True, False]), 3)
    assert ap == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)
    assert average_precision(np.zeros(0), np.zeros(0, bool), 3) == 0


def test_the_threshold_is_half_a_head():
    predicted = BODY.copy()
    predicted[0, 0] += 4.99
    predicted[1, 0] += 5.01
    right = assign(frame(BODY, predicted))[0]
    assert right.tolist() == [True, False] + [True] * 13
    ap = posetrack_ap([frame(BODY, predicted)])
    assert ap[0] == 100 and ap[1] == 0 and ap[15] == pytest.approx(1400 / 15)


def test_a_prediction_goes_to_one_person_and_a_person_takes_the_best():
    other = BODY + 500
    worse = BODY.copy()
    worse[:5] += 50
    right = assign(frame([BODY, other], [worse, BODY, BODY + 2000]))
    assert right.sum(axis=1).tolist() == [0, 15, 0]  # the worse one is a false positive in all joints


def test_a_prediction_on_two_people_counts_for_its_best_one_only():
    second = BODY.copy()
    second[14] += 700
    right = assign(frame([BODY, second], [BODY]))
    assert right.tolist() == [[True] * 15]
    # with another one for the second person, both are found
    assert assign(frame([BODY, second], [second, BODY])).all()


def test_shares_count_annotated_joints_only():
    annotated = np.ones((2, 15), bool)
    annotated[1, 3:] = False
    second = BODY.copy()
    second[3:] += 700
    predicted = BODY.copy()
    predicted[14] += 50
    # 14 of 15 joints of the first, 3 of 3 of the second: it goes to the second
    right = assign(frame([BODY, second], [predicted], annotated))
    assert right[0].tolist() == [True] * 3 + [False] * 12


def test_missed_people_and_false_ones_lower_ap():
    found, missed = frame(BODY, BODY), frame(BODY, np.zeros((0, 15, 2)))
    assert posetrack_ap([found, missed])[15] == pytest.approx(50)
    false = frame(np.zeros((0, 15, 2)), BODY, scores=np.full((1, 15), 2.0))  # of a higher score
    assert posetrack_ap([found, false])[15] == pytest.approx(50)
    low = frame(np.zeros((0, 15, 2)), BODY, scores=np.full((1, 15), 0.5))
    assert posetrack_ap([found, low])[15] == pytest.approx(100)


def test_joints_nobody_annotated_are_left_out():
    annotated = np.ones((1, 15), bool)
    annotated[0, 4] = False
    ap = posetrack_ap([frame(BODY, BODY, annotated)])
    assert np.isnan(ap[4]) and ap[15] == 100


def test_regions_to_ignore_take_joints_of_both_away():
    square = np.array([[0, 0], [200, 0], [200, 200], [0, 200]], np.float32)
    left = frame([BODY, BODY + 500], [BODY + 3, BODY + 500]).without([square])
    assert len(left.truth_px) == len(left.predicted_px) == 1
    assert left.truth_px[0, 0].tolist() == (BODY[0] + 500).tolist()
    whole = frame([BODY], [BODY])
    assert whole.without([]) is whole


def random_frames(seed, number=40):
    """People near each other, predictions near people, joints missing, scores all different."""
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(number):
        people, guesses = rng.integers(1, 4), rng.integers(0, 5)
        truth = rng.uniform(0, 60, (people, 15, 2)) + 40 * rng.integers(0, 3, (people, 1, 2))
        predicted = truth[rng.integers(people, size=guesses)] + rng.normal(0, 6, (guesses, 15, 2))
        scores = np.where(rng.uniform(size=(guesses, 15)) < 0.1, np.nan, rng.uniform(size=(guesses, 15)))
        annotated = rng.uniform(size=(people, 15)) < 0.8
        frames.append(FramePoses(truth, annotated, rng.uniform(8, 25, people), predicted, scores))
    return frames


@pytest.mark.parametrize('seed', range(5))
def test_own_is_poseval(seed):
    pytest.importorskip('poseval', reason='poseval is not on the package index; install it from GitHub to compare')
    frames = random_frames(seed)
    np.testing.assert_allclose(posetrack_ap(frames), poseval_ap(frames), rtol=1e-9)


# the metric


def sample(img_id, truth, predicted, score=1.0, head=10.0, visible=None):
    """15 joints of poseval as a sample of 17."""

    def seventeen(joints):
        keypoints = np.zeros((1, 17, 2))
        keypoints[0, [POSETRACK_KEYPOINTS.index(name) for name in POSETRACK17_JOINTS]] = joints
        return keypoints

    visible = np.ones((1, 17)) if visible is None else visible
    return dict(
        img_id=img_id,
        pred_instances=dict(
            keypoints=seventeen(predicted), keypoint_scores=np.full((1, 17), score), bbox_scores=np.array([0.5])
        ),
        gt_instances=dict(
            keypoints=seventeen(truth), keypoints_visible=visible, head_size=np.array([head]), bbox_scores=np.ones(1)
        ),
    )


def evaluate(samples, **kwargs):
    metric = PoseTrackAP(implementation='own', **kwargs)
    metric.dataset_meta = dict(keypoint_name2id={name: i for i, name in enumerate(POSETRACK_KEYPOINTS)})
    metric.process([], samples)
    return metric.evaluate(len(samples))


def test_samples_of_one_image_are_one_frame():
    samples = [sample('a', BODY, BODY), sample('a', BODY + 300, BODY + 300), sample('b', BODY, BODY)]
    assert evaluate(samples)['posetrack/AP'] == 100
    # the second person's prediction on the first person: one of the two is false, one person missed
    swapped = [sample('a', BODY, BODY, 0.9), sample('a', BODY + 300, BODY + 0.5, 0.8), sample('b', BODY, BODY, 0.7)]
    # right, wrong, right of 3
    assert evaluate(swapped)['posetrack/AP'] == pytest.approx(100 * (1 / 3 + 1 / 3 * 2 / 3))


def test_groups_are_means_of_their_joints():
    predicted = BODY.copy()
    predicted[[POSETRACK17_JOINTS.index(name) for name in ('left_wrist', 'nose')]] += 90
    result = evaluate([sample(1, BODY, predicted)])
    expected = dict(Head=200 / 3, Shou=100, Elb=100, Wri=50, Hip=100, Knee=100, Ankl=100)
    assert {name: result[f'posetrack/{name} AP'] for name in expected} == pytest.approx(expected)
    assert result['posetrack/AP'] == pytest.approx(1300 / 15)


def test_scores_may_be_multiplied_with_those_of_boxes():
    first, second = sample(1, BODY, BODY, 0.6), sample(2, BODY, BODY + 90, 0.4)
    first['pred_instances']['bbox_scores'] = np.array([0.1])
    assert evaluate([first, second])['posetrack/AP'] == pytest.approx(50)
    result = evaluate([first, second], score='keypoint_times_bbox')  # the false one comes first now
    assert result['posetrack/AP'] == pytest.approx(25)


SIGMAS = np.linspace(0.03, 0.1, 17)


def detected(img_id, truth, predicted, score, box_score=1.0, side_px=200.0):
    item = sample(img_id, truth, predicted, score)
    item['pred_instances']['bbox_scores'] = np.array([box_score])
    item['gt_instances']['bbox_scales'] = np.full((1, 2), side_px)
    return item


def oks(first, second, area_px2):
    sigmas = SIGMAS[[POSETRACK_KEYPOINTS.index(name) for name in POSETRACK17_JOINTS]]
    squared = np.square(first - second).sum(axis=-1)
    return np.exp(-squared / (2 * area_px2 * (2 * sigmas) ** 2)).mean()


def evaluate_without_duplicates(samples, nms_thr, **kwargs):
    metric = PoseTrackAP(implementation='own', nms_thr=nms_thr, **kwargs)
    metric.dataset_meta = dict(keypoint_name2id={name: i for i, name in enumerate(POSETRACK_KEYPOINTS)}, sigmas=SIGMAS)
    metric.process([], samples)
    return metric.evaluate(len(samples))['posetrack/AP']


def test_of_poses_that_resemble_a_better_one_only_that_counts():
    near, second, missed = BODY + 3.0, BODY + 300, BODY + 600
    threshold = oks(BODY, near, 200.0**2)
    assert 0.3 < threshold < 0.99
    samples = [
        detected(1, BODY, BODY, 0.8),
        detected(1, second, near, 0.9, box_score=0.5),  # of the first person once more: false, with a high score
        detected(1, missed, second, 0.1),
    ]
    everything = 100 * 2 / 3 * 2 / 3  # false, right, right of 3
    assert evaluate_without_duplicates(samples, None) == pytest.approx(everything)
    assert evaluate_without_duplicates(samples, threshold + 1e-4) == pytest.approx(everything)
    assert evaluate_without_duplicates(samples, threshold - 1e-4) == pytest.approx(100 * 2 / 3)
    # poses of two images are not compared
    elsewhere = [samples[0], detected(2, BODY, near, 0.9, box_score=0.5)]
    assert evaluate_without_duplicates(elsewhere, threshold - 1e-4) == 100


def test_kept_poses_by_hand():
    body, ones = BODY, np.ones(15)
    poses = np.stack([body, body + 0.1, body + 500, np.full((15, 2), np.inf), np.full((15, 2), np.inf)])
    scores = np.stack([0.5 * ones, np.r_[0.9, 0.1 * np.ones(14)], 0.3 * ones, ones, ones])
    boxes, areas, sigmas = np.ones(5), np.full(5, 1e4), np.full(15, 0.1)
    # the second has one joint above the threshold, with 0.9 in the mean: it is better than the first
    assert kept_poses(poses, scores, boxes, areas, sigmas, 0.9).tolist() == [False, True, True, True, True]
    boxes[1] = 0.5
    assert kept_poses(poses, scores, boxes, areas, sigmas, 0.9).tolist() == [True, False, True, True, True]
    assert kept_poses(poses[3:], scores[3:], boxes[3:], areas[3:], sigmas, 0.9).tolist() == [True, True]


def test_suppression_needs_sigmas():
    metric = PoseTrackAP(nms_thr=0.9)
    metric.dataset_meta = dict(keypoint_name2id={name: i for i, name in enumerate(POSETRACK_KEYPOINTS)})
    metric.process([], [detected(1, BODY, BODY, 0.8)])
    with pytest.raises(ConfigError, match='needs the sigmas'):
        metric.evaluate(1)


def test_bad_predictions_and_labels():
    with pytest.raises(DataError, match='NaN'):
        evaluate([sample(1, BODY, BODY * np.nan)])
    with pytest.raises(DataError, match='image 1: a person has no head box'):
        evaluate([sample(1, BODY, BODY, head=np.nan)])
    with pytest.raises(ConfigError, match='of 14 joints there is no'):
        evaluate_14 = PoseTrackAP(implementation='own')
        poses = dict(keypoints=np.zeros((1, 14, 2)), keypoint_scores=np.ones((1, 14)))
        evaluate_14.process([], [dict(img_id=1, pred_instances=poses)])
    unlabelled = sample(1, BODY, BODY)
    del unlabelled['gt_instances']['head_size']
    with pytest.raises(DataError, match='has no head_size'):
        evaluate([unlabelled])


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('part', ['keypoints', 'keypoint_scores'])
def test_a_pose_that_is_not_finite_finds_nothing(part, value):
    """It is like one that is far off, of the highest score where its own is none."""
    scores = np.linspace(0.3, 0.9, 6)
    found = [sample(number, BODY, BODY, score) for number, score in enumerate(scores)]
    found[2]['pred_instances'][part][0, 5] = value
    with logged() as log:
        result = evaluate(found)
    far = [sample(number, BODY, BODY, score) for number, score in enumerate(scores)]
    far[2] = sample(2, BODY, BODY + 1e5, scores[2])
    if part == 'keypoint_scores':
        far[2]['pred_instances']['keypoint_scores'][0, 5] = 1e9
    expected = evaluate(far)
    assert result == expected and result['posetrack/AP'] < 80
    assert '1 of 6 predictions hold NaN or infinite numbers, the first that of image 2' in log.getvalue()


def test_a_score_times_that_of_its_box_must_be_finite_too():
    found = [sample(number, BODY, BODY) for number in range(4)]
    found[1]['pred_instances']['bbox_scores'] = np.array([np.nan])
    assert evaluate(found)['posetrack/AP'] == pytest.approx(100)
    # false, right, right, right of 4: precision 3/4 up to a recall of 3/4
    assert evaluate(found, score='keypoint_times_bbox')['posetrack/AP'] == pytest.approx(100 * 9 / 16)


def test_predictions_none_of_which_is_finite_are_an_error():
    poses = [sample(number, BODY, BODY) for number in range(3)]
    for pose in poses:
        pose['pred_instances']['keypoints'][0, 0, 0] = np.nan
    with pytest.raises(DataError, match='PoseTrackAP: 3 of 3 predictions hold NaN.*image 0.*diverged'):
        evaluate(poses)
    with pytest.raises(ConfigError, match='nothing to evaluate'):
        evaluate([])


def test_annotated_joints_that_are_not_finite_are_an_error():
    truth = BODY.copy()
    truth[4, 0] = np.nan
    with pytest.raises(DataError, match='PoseTrackAP: 1 of 2 labels hold NaN'):
        evaluate([sample(1, BODY, BODY), sample(2, truth, BODY)])


def test_a_pose_that_is_not_finite_is_not_in_a_region_to_ignore():
    square = np.array([[0, 0], [200, 0], [200, 200], [0, 200]], np.float32)
    for value in (np.inf, -np.inf, np.nan):
        left = frame([BODY + 500], [np.full((15, 2), value), BODY + 500]).without([square])
        assert assign(left).sum(axis=1).tolist() == [0, 15]


@pytest.mark.parametrize(
    'arguments', [dict(implementation='coco'), dict(score='box'), dict(ann_file='x'), dict(nms_thr=1.1)]
)
def test_bad_arguments(arguments):
    with pytest.raises(ConfigError, match='must be one of|go together|must be an OKS from 0 to 1, or None, found 1.1'):
        PoseTrackAP(**arguments)


def test_poseval_is_used_where_it_is_installed(monkeypatch):
    import importlib.util

    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None if name == 'poseval' else find_spec(name))
    assert not PoseTrackAP().uses_poseval
    with pytest.raises(ConfigError, match='poseval is not installed'):
        PoseTrackAP(implementation='poseval')
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: object())
    assert PoseTrackAP().uses_poseval and not PoseTrackAP(implementation='own').uses_poseval


def test_against_an_annotation_file(tmp_path):
    """Three frames: one found, one missed, and one without people, which poseval leaves out."""

    def joints17(body):
        values = np.zeros((17, 3))
        values[[POSETRACK_KEYPOINTS.index(name) for name in POSETRACK17_JOINTS]] = np.c_[body, np.ones(15)]
        return values.reshape(-1).tolist()

    content = dict(
        images=[
            dict(id=i, file_name=f'images/val/v/{i:06d}.jpg', nframes=3, has_no_densepose=True, is_labeled=i < 2)
            for i in range(3)
        ],
        annotations=[
            dict(id=i, image_id=i, keypoints=joints17(BODY + 1), bbox=[0, 0, 9, 9], bbox_head=[0, 0, 30, 40])
            for i in range(2)
        ],
    )
    content['images'][0] |= dict(ignore_regions_x=[[400, 700, 700, 400]], ignore_regions_y=[[400, 400, 700, 700]])
    file = tmp_path / 'v.json'
    file.write_text(json.dumps(content))
    samples = [
        sample(0, BODY, BODY + 14, 0.5),  # within 15 px: half of 0.6 times 50 px
        sample(0, BODY, BODY + 500, 0.9),  # in the region to ignore
        sample(2, BODY, BODY, 0.9),
    ]
    for item in samples:
        del item['gt_instances']
    arguments = dict(ann_file=str(tmp_path), year=2018)
    close = dict(samples[0], pred_instances=sample(0, BODY, BODY + 11)['pred_instances'])  # 10 * sqrt(2) px
    with logged() as log:
        assert evaluate([close, *samples[1:]], **arguments)['posetrack/AP'] == pytest.approx(50)
    assert '1 of 2 frames with people have no prediction' in log.getvalue()
    assert evaluate(samples, **arguments)['posetrack/AP'] == 0  # 13 * sqrt(2) px
    with pytest.raises(DataError, match='has no image 99'):
        evaluate([dict(close, img_id=99)], **arguments)


# PCK is mmpose's


def test_pck_takes_our_samples():
    keypoints = RNG.uniform(0, 50, (1, 15, 2))
    predicted = keypoints.copy()
    predicted[0, :3, 0] += 10.1  # beyond 0.2 of 50 px
    predicted[0, 3, 1] += 9.9
    truth = dict(keypoints=keypoints, keypoints_visible=np.ones((1, 15)), bboxes=np.array([[10.0, 20.0, 40.0, 70.0]]))
    samples = [dict(pred_instances=dict(keypoints=predicted), gt_instances=truth)]
    for kind, prefix in ((PCKAccuracy, ''), (JhmdbPCKAccuracy, '')):
        metric = kind(thr=0.2, norm_item='bbox', prefix=prefix or None)
        metric.process([], samples)
        assert metric.evaluate(1)['PCK'] == pytest.approx(12 / 15)


PCK = [dict(type='PCKAccuracy', thr=0.2), dict(type='JhmdbPCKAccuracy', thr=0.2, norm_item=['bbox', 'torso'])]


def pck_samples(number=5, joints=15):
    rng = np.random.default_rng(3)
    found = []
    for _ in range(number):
        keypoints = rng.uniform(0, 50, (1, joints, 2))
        found.append(
            dict(
                pred_instances=dict(
                    keypoints=keypoints + rng.normal(0, 6, keypoints.shape), keypoint_scores=np.ones((1, joints))
                ),
                gt_instances=dict(
                    keypoints=keypoints,
                    keypoints_visible=np.ones((1, joints)),
                    bboxes=np.array([[10.0, 20.0, 40.0, 70.0]]),
                ),
            )
        )
    return found


def pck(config, found):
    metric = METRICS.build(config)
    metric.process([], found)
    return metric.evaluate(len(found))


@pytest.mark.parametrize('config', PCK)
def test_pck_of_finite_poses_is_mmpose_s(config):
    theirs = METRICS.build(config | dict(type=f'mmpose.{config["type"]}'))
    theirs.process([], pck_samples())
    expected = theirs.evaluate(5)
    assert pck(config, pck_samples()) == expected and 0.3 < expected['PCK'] < 1


@pytest.mark.parametrize('config', PCK)
@pytest.mark.parametrize('value', [np.nan, np.inf])
@pytest.mark.parametrize('part', ['keypoints', 'keypoint_scores'])
def test_joints_of_a_pose_that_is_not_finite_are_not_found(config, part, value):
    found, far = pck_samples(), pck_samples()
    found[3]['pred_instances'][part][0, 7] = value
    far[3]['pred_instances']['keypoints'] += 1e6
    with logged() as log:
        result = pck(config, found)
    assert result == pck(config, far)
    assert '1 of 5 predictions hold NaN or infinite numbers, the first that of sample 3' in log.getvalue()


@pytest.mark.parametrize('config', PCK)
def test_a_torso_of_infinite_length_finds_no_joint(config):
    """Where the true torso is too short, mmpose takes the predicted one for the unit."""
    found = pck_samples(2)
    for sample in found:
        sample['gt_instances']['keypoints'][0, 5] = sample['gt_instances']['keypoints'][0, 4]
    found[1]['pred_instances']['keypoints'][0, 4] = np.inf
    result = pck(config, found)
    assert all(value <= 0.5 for value in result.values())


@pytest.mark.parametrize('config', PCK)
def test_pck_without_a_finite_pose_or_label_is_an_error(config):
    found = pck_samples()
    found[2]['gt_instances']['bboxes'][0, 2] = np.inf
    with pytest.raises(DataError, match='1 of 5 labels hold NaN or infinite numbers, the first that of sample 2'):
        pck(config, found)
    found = pck_samples()
    found[4]['gt_instances']['keypoints'][0, 2, 0] = np.nan
    with pytest.raises(DataError, match='the first that of sample 4'):
        pck(config, found)
    found[4]['gt_instances']['keypoints_visible'][0, 2] = 0
    assert pck(config, found)['PCK'] > 0
    for sample in found:
        sample['pred_instances']['keypoint_scores'][:] = np.nan
    with pytest.raises(DataError, match='5 of 5 predictions hold NaN.*diverged'):
        pck(config, found)
    with pytest.raises(ConfigError, match='nothing to evaluate'):
        pck(config, [])
