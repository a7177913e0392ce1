import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmradar.evaluation import HuPRMetric, keypoint_average_precision, mean_velocity_error
from mmradar.metainfo import HUPR_METAINFO, HUPR_SIGMAS

META = parse_pose_metainfo(HUPR_METAINFO)


def images(count=60, error_px=12.0, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(20, 230, size=(count, 14, 2))
    prediction = truth + rng.normal(scale=rng.uniform(1, error_px, size=(count, 1, 1)), size=truth.shape)
    areas = rng.uniform(3000, 15000, size=count)
    ids = rng.permutation(10 * count)[:count]  # not in order, as a shuffled loader gives them
    return prediction, truth, np.ones((count, 14)), areas, ids


def evaluate(prediction, truth, visible, areas, ids, **options):
    metric = HuPRMetric(**options)
    metric.dataset_meta = META
    for p, t, v, a, i in zip(prediction, truth, visible, areas, ids):
        sample = dict(
            img_id=i,
            pred_instances=dict(keypoints=p[None]),
            gt_instances=dict(keypoints=t[None], keypoints_visible=v[None], areas=np.array([a])),
        )
        metric.process({}, [sample])
    return metric.evaluate(len(ids))


def by_brute_force(prediction, truth, areas, ids, joints=slice(None)):
    """COCO's AP for one person an image, from its definition: OKS, hits in order of image id, 101-point envelope."""
    order = np.argsort(ids)
    variance = (2 * np.asarray(HUPR_SIGMAS)[joints]) ** 2
    distance = ((prediction - truth)[:, joints] ** 2).sum(-1)
    oks = np.exp(-distance / (2 * variance * areas[:, None])).mean(1)[order]
    precisions, recalls = [], []
    for threshold in np.arange(0.5, 0.96, 0.05):
        hits = oks >= threshold
        true, false = hits.cumsum(), (~hits).cumsum()
        recall, precision = true / len(ids), true / (true + false)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(recall, np.linspace(0, 1, 101), side='left')
        precisions.append(np.where(at < len(envelope), np.append(envelope, 0)[np.minimum(at, len(envelope))], 0).mean())
        recalls.append(recall[-1])
    return 100 * np.mean(precisions), 100 * precisions[0], 100 * precisions[5], 100 * np.mean(recalls)


def test_equals_pycocotools_with_hupr_s_parameters():
    """pycocotools alone, from dictionaries as HuPR writes them; its own area ranges and summary."""
    prediction, truth, visible, areas, ids = images()
    ours = evaluate(prediction, truth, visible, areas, ids)
    gt, dt = COCO(), None
    gt.dataset = dict(
        images=[dict(id=int(i)) for i in ids],
        categories=[dict(id=1, name='person')],
        annotations=[
            dict(
                id=k + 1,
                image_id=int(i),
                category_id=1,
                iscrowd=0,
                area=float(a),
                num_keypoints=14,
                bbox=[0, 0, 1, 1],
                keypoints=np.column_stack([t, np.full(14, 2)]).ravel().tolist(),
            )
            for k, (i, t, a) in enumerate(zip(ids, truth, areas))
        ],
    )
    gt.createIndex()
    dt = gt.loadRes(
        [
            dict(
                image_id=int(i), category_id=1, score=1.0, keypoints=np.column_stack([p, np.ones(14)]).ravel().tolist()
            )
            for i, p in zip(ids, prediction)
        ]
    )
    evaluation = COCOeval(gt, dt, 'keypoints')
    evaluation.params.kpt_oks_sigmas = (
        np.array([1.07, 0.87, 0.89, 1.07, 0.87, 0.89, 1, 1, 0.79, 0.72, 0.62, 0.79, 0.72, 0.62]) / 10
    )
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    theirs = dict(zip(('AP', 'AP50', 'AP75'), evaluation.stats[:3])) | {'AR': evaluation.stats[5]}
    assert 10 < ours['coco/AP'] < 95
    for name, value in theirs.items():
        assert ours[f'coco/{name}'] == pytest.approx(100 * value, abs=1e-4), name


def test_equals_the_definition_overall_and_for_every_joint():
    prediction, truth, visible, areas, ids = images(seed=1)
    ours = evaluate(prediction, truth, visible, areas, ids)
    for name, value in zip(('AP', 'AP50', 'AP75', 'AR'), by_brute_force(prediction, truth, areas, ids)):
        assert ours[f'coco/{name}'] == pytest.approx(value, abs=1e-3), name
    for joint, name in META['keypoint_id2name'].items():
        expected = by_brute_force(prediction, truth, areas, ids, [joint])[0]
        assert ours[f'coco/AP_{name}'] == pytest.approx(expected, abs=1e-3), name


def test_perfect_and_hopeless_predictions():
    _, truth, visible, areas, ids = images(10)
    assert evaluate(truth, truth, visible, areas, ids)['coco/AP'] == pytest.approx(100)
    hopeless = evaluate(truth + 200, truth, visible, areas, ids)
    assert hopeless['coco/AP'] == 0 and hopeless['coco/MPJPE_px'] == pytest.approx(np.sqrt(2) * 200)


def test_a_threshold_by_hand():
    """One image, all joints 5 px off: OKS is the mean of exp(-25 / (2 (2 sigma)^2 area)); it passes below that."""
    truth = np.full((1, 14, 2), 100.0)
    area = 4000.0
    oks = np.exp(-25 / (2 * (2 * np.asarray(HUPR_SIGMAS)) ** 2 * area)).mean()
    passed = sum(oks >= threshold for threshold in np.arange(0.5, 0.96, 0.05))
    assert 0 < passed < 10
    metrics = keypoint_average_precision(truth + [5, 0], truth, np.ones((1, 14)), np.array([area]), HUPR_SIGMAS, [3])
    assert metrics['AP'] == pytest.approx(10 * passed)


def test_invisible_joints_do_not_count():
    prediction, truth, visible, areas, ids = images(20)
    prediction[:, 4] += 500
    visible[:, 4] = 0
    metrics = evaluate(prediction, truth, visible, areas, ids)
    assert metrics['coco/AP_L_Knee'] == -1 and metrics['coco/MPJPE_px'] < 20


def test_images_repeated_by_distributed_padding_count_once():
    prediction, truth, visible, areas, ids = images(12)
    once = evaluate(prediction, truth, visible, areas, ids, per_joint=False)
    twice = evaluate(*(np.concatenate([x, x[:3]]) for x in (prediction, truth, visible, areas, ids)), per_joint=False)
    names = ('AP', 'AP50', 'AP75', 'AR', 'MPJPE_px', 'MPJVE_px')
    assert once == twice and set(once) == {f'coco/{name}' for name in names}


def clip_ids(*clips):
    """Image ids of (sequence, first frame, frames)."""
    return np.concatenate([sequence * 100_000 + np.arange(start, start + count) for sequence, start, count in clips])


def test_velocity_error_by_hand():
    """One joint jumps by (3, 4) px and back; the truth moves by (1, 0) a frame."""
    truth = np.zeros((4, 14, 2))
    truth[..., 0] = np.arange(4)[:, None]
    prediction = truth.copy()
    prediction[2, 5] += [3, 4]
    metrics = evaluate(prediction, truth, np.ones((4, 14)), np.full(4, 1e4), clip_ids((7, 20, 4)), per_joint=False)
    assert metrics['coco/MPJVE_px'] == pytest.approx((0 + 5 + 5) / (3 * 14))


@pytest.mark.parametrize('seed', range(4))
def test_velocity_error_equals_a_loop_over_pairs(seed):
    """Two whole sequences, one with a frame missing, in random order, with invisible joints."""
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.concatenate([clip_ids((1, 0, 6), (2, 0, 5)), clip_ids((3, 0, 3), (3, 4, 2))]))
    truth, prediction = rng.uniform(0, 256, (2, len(ids), 14, 2))
    visible = rng.integers(0, 3, (len(ids), 14))
    place = {image: index for index, image in enumerate(ids)}
    errors = []
    for image, now in place.items():
        if image - 1 in place and (image - 1) // 100_000 == image // 100_000:
            before = place[image - 1]
            for joint in range(14):
                if visible[now, joint] and visible[before, joint]:
                    step = prediction[now, joint] - prediction[before, joint]
                    errors.append(np.hypot(*(step - (truth[now, joint] - truth[before, joint]))))
    assert len(errors) > 20
    assert mean_velocity_error(prediction, truth, visible, ids) == pytest.approx(np.mean(errors), rel=1e-12)


def test_a_constant_offset_has_no_velocity_error_and_jitter_has():
    _, truth, visible, areas, _ = images(8)
    ids = clip_ids((4, 0, 8))
    assert evaluate(truth + 30, truth, visible, areas, ids)['coco/MPJVE_px'] == pytest.approx(0, abs=1e-9)
    jitter = truth + 5 * (-1) ** np.arange(8)[:, None, None] * np.array([1, 0])
    metrics = evaluate(jitter, truth, visible, areas, ids)
    assert metrics['coco/MPJVE_px'] == pytest.approx(10) and metrics['coco/MPJPE_px'] == pytest.approx(5)


@pytest.mark.parametrize(
    'ids',
    [clip_ids((1, 0, 1)), clip_ids((1, 0, 1), (1, 2, 1)), np.array([199_999, 200_000]), clip_ids((1, 3, 1), (2, 4, 1))],
)
def test_no_velocity_without_consecutive_frames_of_one_sequence(ids):
    prediction, truth, visible, areas, _ = images(len(ids))
    assert 'coco/MPJVE_px' not in evaluate(prediction, truth, visible, areas, ids, per_joint=False)


def test_no_velocity_of_joints_that_are_not_visible_in_both_frames():
    prediction, truth, visible, areas, _ = images(2)
    visible[0, :7] = visible[1, 7:] = 0
    assert 'coco/MPJVE_px' not in evaluate(prediction, truth, visible, areas, clip_ids((1, 0, 2)))
