import warnings

import numpy as np
import pytest
import torch
from mmengine.runner import Runner
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from conftest import logged
from mmradar.errors import ConfigError, DataError
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


def samples(prediction, truth, visible, areas, ids):
    return [
        dict(
            img_id=i,
            pred_instances=dict(keypoints=p[None]),
            gt_instances=dict(keypoints=t[None], keypoints_visible=v[None], areas=np.array([a])),
        )
        for p, t, v, a, i in zip(prediction, truth, visible, areas, ids)
    ]


def evaluate_samples(found, size=None, **options):
    metric = HuPRMetric(**options)
    metric.dataset_meta = META
    for sample in found:
        metric.process({}, [sample])
    return metric.evaluate(len(found) if size is None else size)


def evaluate(prediction, truth, visible, areas, ids, **options):
    return evaluate_samples(samples(prediction, truth, visible, areas, ids), **options)


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


def test_a_pose_counts_neither_as_hit_nor_as_false_where_nothing_is_visible():
    prediction, truth, visible, areas, ids = images(30)
    visible[::3], truth[::3] = 0, np.nan
    visible[1::3, 4] = 0
    found, counted = evaluate(prediction, truth, visible, areas, ids), visible[:, 0] > 0
    expected = by_brute_force(*(array[counted] for array in (prediction, truth, areas, ids)), joints=[0])
    assert found['coco/AP_R_Hip'] == pytest.approx(expected[0], abs=1e-3)
    counted = visible[:, 4] > 0
    expected = by_brute_force(*(array[counted] for array in (prediction, truth, areas, ids)), joints=[4])
    assert found['coco/AP_L_Knee'] == pytest.approx(expected[0], abs=1e-3)


def test_images_repeated_by_distributed_padding_count_once():
    prediction, truth, visible, areas, ids = images(12)
    once = evaluate(prediction, truth, visible, areas, ids, per_joint=False)
    twice = evaluate(*(np.concatenate([x, x[:3]]) for x in (prediction, truth, visible, areas, ids)), per_joint=False)
    names = ('AP', 'AP50', 'AP75', 'AR', 'MPJPE_px', 'MPJVE_px')
    assert once == twice and set(once) == {f'coco/{name}' for name in names}


def test_different_images_of_one_number_are_an_error():
    """As of two data sets that both count from sequence 1: the one would hide the other."""
    prediction, truth, visible, areas, ids = images(12)
    ids[3] = ids[5]
    with pytest.raises(DataError, match=f'different labels have the number img_id={ids[5]}'):
        evaluate(prediction, truth, visible, areas, ids)


def test_other_joints_and_dimensions_are_refused_in_words():
    prediction, truth, visible, areas, ids = images(2)
    with pytest.raises(ConfigError, match=r"14 joints in px.*labels of shape \(14, 3\).*'MPJPE'"):
        evaluate(*(np.concatenate([x, x[..., :1]], -1) for x in (prediction, truth)), visible, areas, ids)
    with pytest.raises(ConfigError, match=r'predictions of shape \(12, 2\)'):
        evaluate(prediction[:, :12], truth, visible, areas, ids)
    (sample,) = samples(*(x[:1] for x in (prediction, truth, visible, areas, ids)))
    del sample['gt_instances']['areas']
    with pytest.raises(ConfigError, match='with areas'):
        evaluate_samples([sample])
    with pytest.raises(ConfigError, match='HuPRMetric.dataset_meta is not set'):
        HuPRMetric().process({}, [sample])


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


def test_finite_complete_predictions_have_the_figures_that_they_had_to_the_last_digit():
    """Kept from the version that knew no misses, of the images alone on which something is visible."""
    prediction, truth, visible, areas, ids = images(seed=7)
    visible[::3, 4] = visible[5] = 0
    found = evaluate(prediction, truth, visible, areas, ids)
    kept = dict(AP=59.88322332390826, AP50=97.13039100520223, AP75=54.930151713847394, AR=72.03389830508475)
    kept |= dict(AP_R_Hip=73.37995518099095, AP_L_Knee=70.13530502079547, AP_R_Wrist=52.2697453996854)
    kept |= dict(MPJPE_px=7.520505541007346)
    assert {name: found[f'coco/{name}'] for name in kept} == kept


# misses


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('where', [np.s_[:], np.s_[0], np.s_[13, 1]])
def test_a_pose_that_is_not_finite_is_one_that_is_nowhere_near(value, where):
    prediction, truth, visible, areas, ids = images(30)
    far, broken = prediction.copy(), prediction.copy()
    far[[4, 11]] += 1e6
    for image in (4, 11):
        broken[image][where] = value
    with logged() as log, warnings.catch_warnings():
        warnings.simplefilter('error')
        found = evaluate(broken, truth, visible, areas, ids)
    expected = evaluate(far, truth, visible, areas, ids)
    assert {n: v for n, v in found.items() if 'AP' in n or 'AR' in n} == {
        n: v for n, v in expected.items() if 'AP' in n or 'AR' in n
    }
    assert found['coco/AP'] < evaluate(prediction, truth, visible, areas, ids)['coco/AP'] - 2
    assert found['coco/MPJPE_px'] == np.inf
    assert f'2 of 30 predictions hold NaN or infinite numbers, the first that of image {ids[4]}' in log.getvalue()


def test_one_nan_joint_does_not_hide_thirteen_that_are_far_off():
    _, truth, visible, areas, ids = images(20)
    prediction = truth + 500
    prediction[1:, 3] = np.nan
    found = evaluate(prediction, truth, visible, areas, ids)
    assert all(value == 0 for name, value in found.items() if 'AP' in name or 'AR' in name)
    metrics = keypoint_average_precision(prediction, truth, visible, areas, HUPR_SIGMAS, ids)
    assert set(metrics.values()) == {0}


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_a_score_that_is_not_finite_makes_a_miss(value):
    """The maximum of a heatmap of NaN has a place, and a score that tells."""
    _, truth, visible, areas, _ = images(10)
    found = samples(truth, truth, visible, areas, np.arange(10))
    for index, sample in enumerate(found):
        sample['pred_instances']['keypoint_scores'] = np.full((1, 14), 0.5)
        if index >= 8:
            sample['pred_instances']['keypoint_scores'][0, 2] = value
    metrics = evaluate_samples(found)
    # 8 of 10 are found: precision is 1 up to a recall of 0.8, which 81 of COCO's 101 points reach
    assert metrics['coco/AP'] == pytest.approx(100 * 81 / 101) and metrics['coco/AR'] == pytest.approx(80)
    assert metrics['coco/MPJPE_px'] == np.inf


def test_predictions_none_of_which_is_finite_are_an_error():
    prediction, truth, visible, areas, ids = images(7)
    prediction[:, 2] = np.nan
    with pytest.raises(DataError, match=f'HuPRMetric: 7 of 7 predictions hold NaN.*image {ids[0]}.*diverged'):
        evaluate(prediction, truth, visible, areas, ids)


def test_velocity_with_a_miss_is_infinite():
    _, truth, visible, areas, _ = images(6)
    ids, prediction = clip_ids((1, 0, 3), (2, 0, 3)), truth.copy()
    prediction[4] = np.nan
    assert evaluate(prediction, truth, visible, areas, ids)['coco/MPJVE_px'] == np.inf
    ids[4] += 50  # it has no neighbour
    assert evaluate(prediction, truth, visible, areas, ids)['coco/MPJVE_px'] == 0


def test_nothing_to_evaluate_ends_in_words():
    with pytest.raises(ConfigError, match='HuPRMetric: there is nothing to evaluate'):
        evaluate_samples([])
    empty = np.zeros((0, 14, 2)), np.zeros((0, 14, 2)), np.zeros((0, 14)), np.zeros(0)
    assert set(keypoint_average_precision(*empty, HUPR_SIGMAS, []).values()) == {-1}


def test_labels_that_are_not_finite_are_an_error_unless_invisible():
    prediction, truth, visible, areas, ids = images(8)
    expected = evaluate(prediction, truth, np.where(np.arange(14) == 3, 0, visible), areas, ids)
    for part, place in ((truth, np.s_[5, 3, 1]), (visible, np.s_[5, 3]), (areas, np.s_[5])):
        for value in (np.nan, np.inf):
            kept = part[place]
            part[place] = value
            with pytest.raises(DataError, match=f'1 of 8 labels hold NaN or infinite numbers.*image {ids[5]}'):
                evaluate(prediction, truth, visible, areas, ids)
            part[place] = kept
    visible[:, 3] = 0
    truth[:, 3] = np.nan
    assert evaluate(prediction, truth, visible, areas, ids) == expected


@pytest.mark.parametrize('lost', [1, 6, 16])
def test_frames_that_are_never_predicted_are_misses(lost):
    """A perfect network that is shown 20 - lost of 20 frames of a sequence; two other ones are complete."""
    _, truth, visible, areas, _ = images(50)
    ids = clip_ids((3, 0, 20), (1, 0, 15), (2, 0, 15))
    there = np.r_[0 : 20 - lost, 20:50]
    found = samples(*(part[there] for part in (truth, truth, visible, areas, ids)))
    for sample in found:
        sample['frames_left_out'] = lost if sample['img_id'] >= 300_000 else 0
    recall = (50 - lost) / 50
    points = np.floor(100 * recall + 1e-9) + 1
    for shown, size in ((found, len(found)), ([dict(s, frames_left_out=0) for s in found], 50)):
        with logged() as log:
            metrics = evaluate_samples(shown, size)
        for name in ('AP', 'AP50', 'AP75', 'AP_Head', 'AP_L_Wrist'):
            assert metrics[f'coco/{name}'] == pytest.approx(100 * points / 101), name
        assert metrics['coco/AR'] == pytest.approx(100 * recall)
        assert metrics['coco/MPJPE_px'] == metrics['coco/MPJVE_px'] == 0
        assert f'{lost} of 50 annotated frames have no prediction and count as misses' in log.getvalue()


def test_unpredicted_images_equal_poses_that_are_far_off_and_come_last():
    prediction, truth, visible, areas, ids = images(40)
    order = np.argsort(ids)
    prediction, truth, ids = prediction[order], truth[order], ids[order]
    far = prediction.copy()
    far[30:] += 1e6
    expected = keypoint_average_precision(far, truth, visible, areas, HUPR_SIGMAS, ids)
    first = (part[:30] for part in (prediction, truth, visible, areas))
    found = keypoint_average_precision(*first, HUPR_SIGMAS, ids[:30], num_unpredicted=10)
    assert found == pytest.approx(expected, abs=1e-9) and 0 < found['AP'] < 80


def test_a_diverged_network_is_no_perfect_one(tiny_config):
    """One weight that is NaN, through runner, loader and evaluator."""
    runner = Runner.from_cfg(tiny_config)
    runner.load_or_resume()
    weights = dict(runner.model.named_parameters())
    next(weight for name, weight in weights.items() if name.startswith('head.')).data.view(-1)[0] = torch.nan
    with pytest.raises(DataError, match='10 of 10 predictions hold NaN'):
        runner.test()


def with_scores(found, scores):
    for sample, score in zip(found, scores):
        sample['pred_instances']['keypoint_scores'] = score[None]
    return found


def test_scores_are_compared_with_the_oks_of_joints():
    prediction, truth, visible, areas, ids = images(count=80)
    oks = np.exp(-((prediction - truth) ** 2).sum(-1) / (2 * areas[:, None] * (2 * np.asarray(HUPR_SIGMAS)) ** 2))
    visible[:, 3] = 0
    prediction[:, 3] = 500  # a joint that does not count
    found = samples(prediction, truth, visible, areas, ids)
    plain = evaluate_samples(found)
    assert not any('score' in name for name in plain)
    exact = evaluate_samples(with_scores(found, oks))
    assert exact['coco/score_correlation'] == pytest.approx(1) and exact['coco/score_bias'] == pytest.approx(
        0, abs=1e-6
    )
    assert {name: exact[name] for name in plain} == plain  # AP does not use scores
    shifted = evaluate_samples(with_scores(found, 0.5 - 0.5 * oks))
    assert shifted['coco/score_correlation'] == pytest.approx(-1)
    counted = np.delete(oks, 3, axis=1)
    assert shifted['coco/score_bias'] == pytest.approx(0.5 - 1.5 * counted.mean())
    random = evaluate_samples(with_scores(found, np.random.default_rng(1).uniform(size=oks.shape)))
    assert abs(random['coco/score_correlation']) < 0.1
    assert not any('score' in name for name in evaluate_samples(with_scores(found, np.full_like(oks, 0.7))))


def test_scores_of_perfect_poses_have_nothing_to_tell():
    _, truth, visible, areas, ids = images(count=4)
    scores = np.random.default_rng(0).uniform(size=(4, 14))
    metrics = evaluate_samples(with_scores(samples(truth, truth, visible, areas, ids), scores))
    assert metrics['coco/score_correlation'] == 0 and metrics['coco/score_bias'] == pytest.approx(scores.mean() - 1)
