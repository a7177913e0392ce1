"""Baselines without a network: what they learn from few poses, and what they predict, against NumPy."""

import numpy as np
import pytest
import torch

from mmradar.apis import init_model
from mmradar.datasets.transforms import PackRadarInputs
from mmradar.engine.checkpoint import check_state_dict
from mmradar.errors import CheckpointError, ConfigError, DataError
from mmradar.models import MeanPose, NearestNeighbour, PlacedMeanPose, PreviousFrame
from mmradar.registry import MODELS

R_HIP, L_HIP, NECK, HEAD = 0, 3, 6, 7
TRAIN = np.random.default_rng(0).uniform(20, 230, (5, 14, 2)).astype(np.float32)
TEST = np.random.default_rng(1).uniform(20, 230, (3, 14, 2)).astype(np.float32)


def sample(poses, visible=None, frame=5, key_index=None, heatmap=None, labels=True):
    """A window of poses (frames, 14, 2), as a pipeline packs it; the last frame is the key frame by default."""
    frames = len(poses)
    results = dict(
        heatmap=np.zeros((frames, 0, 0, 0, 0, 0), np.float32) if heatmap is None else heatmap,
        key_index=frames - 1 if key_index is None else key_index,
        frame=frame,
    )
    if labels:
        visible = np.ones(poses.shape[:2], np.float32) if visible is None else visible
        results |= dict(keypoints=poses, keypoints_visible=visible)
    return PackRadarInputs()(results)


def batch(*samples):
    return dict(inputs=[each['inputs'] for each in samples], data_samples=[each['data_samples'] for each in samples])


def fitted(model, *samples):
    """The model, fitted to samples that it observes in two batches."""
    batches = [batch(*samples[:2]), batch(*samples[2:])]
    observed = [model.observe(**model.data_preprocessor(each)) for each in batches]
    model.fit({name: np.concatenate([one[name] for one in observed]) for name in observed[0]})
    return model.eval()


def predicted(model, *samples):
    found = model.test_step(batch(*samples))
    assert all((one.pred_instances.keypoint_scores == 1).all() for one in found)
    return np.concatenate([one.pred_instances.keypoints for one in found])


def visible_but(*hidden):
    """Visibility of the training poses; ``hidden`` are pairs of pose and joint."""
    visible = np.ones((5, 1, 14), np.float32)
    for pose, joint in hidden:
        visible[pose, 0, joint] = 0
    return visible


def training(hidden=()):
    poses, visible = TRAIN.copy()[:, None], visible_but(*hidden)
    poses[visible == 0] = np.nan
    return [sample(*pair) for pair in zip(poses, visible)]


def test_the_mean_pose_is_the_mean_of_the_joints_that_count():
    model = fitted(MeanPose(), *training(hidden=[(1, HEAD), (2, HEAD)]))
    expected = TRAIN.astype(np.float64).mean(0)
    expected[HEAD] = TRAIN[[0, 3, 4], HEAD].astype(np.float64).mean(0)
    np.testing.assert_allclose(model.mean_pose.numpy(), expected, rtol=1e-12)
    poses = predicted(model, *(sample(pose[None], labels=False) for pose in TEST))  # needs no labels
    np.testing.assert_array_equal(poses, [model.mean_pose.numpy()] * 3)


def test_a_mean_pose_in_three_dimensions():
    poses = np.random.default_rng(2).normal(size=(3, 14, 3)).astype(np.float32)
    model = fitted(MeanPose(), *(sample(pose[None]) for pose in poses))
    np.testing.assert_allclose(model.mean_pose.numpy(), poses.astype(np.float64).mean(0), rtol=1e-12)


def test_a_joint_that_is_nowhere_labelled_is_named():
    with pytest.raises(DataError, match='joint 7 is nowhere visible, in none of 5 poses'):
        fitted(MeanPose(), *training(hidden=[(pose, HEAD) for pose in range(5)]))


def test_the_placed_mean_pose_has_the_true_place_and_size_and_nothing_else_of_the_truth():
    model = fitted(PlacedMeanPose(), *training())
    relative = np.zeros((14, 2))
    for pose in TRAIN.astype(np.float64):
        root = (pose[R_HIP] + pose[L_HIP]) / 2
        relative += (pose - root) / np.hypot(*(pose[NECK] - root)) / 5
    np.testing.assert_allclose(model.mean_pose.numpy(), relative, rtol=1e-12)

    found = predicted(model, *(sample(pose[None]) for pose in TEST))
    for pose, prediction in zip(TEST.astype(np.float64), found):
        root = (pose[R_HIP] + pose[L_HIP]) / 2
        expected = [root + np.hypot(*(pose[NECK] - root)) * joint for joint in relative]
        np.testing.assert_allclose(prediction, expected, rtol=1e-9)

    other = TEST.copy()
    other[:, [joint for joint in range(14) if joint not in (R_HIP, L_HIP, NECK)]] += 30
    np.testing.assert_array_equal(predicted(model, *(sample(pose[None]) for pose in other)), found)


def test_a_person_without_labelled_hips_has_no_place():
    model = fitted(PlacedMeanPose(), *training())
    visible = np.ones((1, 14), np.float32)
    visible[0, L_HIP] = 0
    found = predicted(model, sample(TEST[:1], visible), sample(TEST[1:2]))
    assert np.isnan(found[0]).all() and np.isfinite(found[1]).all()


def test_a_placed_mean_pose_needs_joints_with_hips_and_neck():
    info = dict(
        dataset_name='three',
        paper_info={},
        keypoint_info={i: dict(name=f'j{i}', id=i, color=[0, 0, 0], type='', swap='') for i in range(3)},
        skeleton_info={},
        joint_weights=[1.0] * 3,
        sigmas=[0.1] * 3,
    )
    with pytest.raises(ConfigError, match='PlacedMeanPose.metainfo must name joints as right hip'):
        PlacedMeanPose(metainfo=info)


def test_the_previous_frame_is_that_of_the_label_before():
    model = fitted(PreviousFrame(), *training())
    visible = np.ones((3, 14), np.float32)
    visible[1, HEAD] = visible[:2, NECK] = 0
    mean = model.mean_pose.numpy()
    plain, hidden, middle, first = predicted(
        model,
        sample(TEST),
        sample(TEST, visible),
        sample(TEST, key_index=1),
        sample(TEST, frame=0),  # its window repeats the frame that is predicted
    )
    np.testing.assert_array_equal(plain, TEST[1])
    expected = TEST[1].astype(np.float64)
    expected[HEAD], expected[NECK] = TEST[0, HEAD], mean[NECK]
    np.testing.assert_array_equal(hidden, expected)
    np.testing.assert_array_equal(middle, TEST[0])
    np.testing.assert_array_equal(first, mean)


def test_a_window_without_a_frame_before_is_refused():
    model = fitted(PreviousFrame(), *training())
    with pytest.raises(ConfigError, match="set num_frames=2 and key_frame='last'"):
        predicted(model, sample(TEST, key_index=0))
    one = sample(TEST)
    one['data_samples'].set_metainfo(dict(frame=None))
    with pytest.raises(ConfigError, match="needs the 'frame' of a sample"):
        predicted(model, one)


@pytest.mark.parametrize('oracle', [PlacedMeanPose, PreviousFrame])
def test_oracles_refuse_samples_without_labels(oracle):
    model = fitted(oracle(), *training())
    with pytest.raises(
        ConfigError, match=f'{oracle.__name__} is an oracle.*can only be tested on data sets with label'
    ):
        predicted(model, sample(TEST), sample(TEST, labels=False))
    with pytest.raises(ConfigError, match=f'{oracle.__name__} learns from true poses: train_dataloader needs'):
        fitted(oracle(), *training()[:4], sample(TEST[:1], labels=False))


# Nearest neighbour

PLACES = np.random.default_rng(3).normal(size=(5, 1, 2, 1, 4, 2, 6)).astype(np.float32)


def neighbours(hidden=(), **options):
    poses, visible = TRAIN.copy()[:, None], visible_but(*hidden)
    samples = [sample(pose, seen, heatmap=each) for pose, seen, each in zip(poses, visible, PLACES)]
    return fitted(NearestNeighbour(pooled_size=(2, 1, 3), **options), *samples)


def pooled(heatmaps, metric):
    blocks = heatmaps.astype(np.float64).reshape(len(heatmaps), 2, 2, 2, 1, 2, 3, 2)  # views; pairs along each axis
    vectors = blocks.mean((3, 5, 7)).reshape(len(heatmaps), -1)
    return vectors if metric == 'euclidean' else vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize('metric', ['euclidean', 'cosine'])
def test_the_nearest_neighbour_by_hand(metric):
    model = neighbours(metric=metric)
    queries = np.random.default_rng(4).normal(size=(40, 1, 2, 1, 4, 2, 6)).astype(np.float32) + 0.5
    np.testing.assert_allclose(model.descriptors.numpy(), pooled(PLACES, metric), rtol=1e-4, atol=1e-6)
    distances = np.linalg.norm(pooled(queries, metric)[:, None] - pooled(PLACES, metric)[None], axis=-1)
    nearest = distances.argmin(1)
    assert len(set(nearest)) > 2
    found = predicted(model, *(sample(TEST[:1], heatmap=each, labels=False) for each in queries))
    np.testing.assert_array_equal(found, TRAIN[nearest])


def test_metrics_differ():
    """Twice as strong echoes are another place by the Euclidean distance alone."""
    strong = sample(TEST[:1], heatmap=2 * PLACES[1])
    assert np.array_equal(predicted(neighbours(metric='cosine'), strong)[0], TRAIN[1])
    other = neighbours(metric='euclidean')
    other.learn('descriptors', np.concatenate([2 * pooled(PLACES[1:2], 'euclidean'), pooled(PLACES[1:], 'euclidean')]))
    assert np.array_equal(predicted(other, strong)[0], TRAIN[0])


def test_joints_that_do_not_count_are_the_mean_of_others():
    model = neighbours(hidden=[(1, HEAD)])
    (found,) = predicted(model, sample(TEST[:1], heatmap=PLACES[1]))
    np.testing.assert_allclose(found[HEAD], TRAIN[[0, 2, 3, 4], HEAD].astype(np.float64).mean(0), rtol=1e-12)
    np.testing.assert_array_equal(np.delete(found, HEAD, 0), np.delete(TRAIN[1], HEAD, 0))


def test_of_equal_neighbours_the_first_in_the_training_set_is_taken():
    model = neighbours()
    model.learn('descriptors', model.descriptors.numpy()[[2, 1, 1, 1, 0]])
    np.testing.assert_array_equal(predicted(model, sample(TEST[:1], heatmap=PLACES[1]))[0], TRAIN[1])


def test_mistakes_of_a_nearest_neighbour():
    with pytest.raises(ConfigError, match='metric must be one of euclidean, cosine'):
        NearestNeighbour(metric='l2')
    for size in ((8, 4), (8, 0, 16)):
        with pytest.raises(ConfigError, match='pooled_size must be three numbers of cells'):
            NearestNeighbour(pooled_size=size)
    with pytest.raises(ConfigError, match=r'pooled_size \(2, 4, 3\) is more than the heatmaps have: \(4, 2, 6\)'):
        NearestNeighbour(pooled_size=(2, 4, 3)).describe(torch.zeros(1, 1, 2, 1, 4, 2, 6))
    with pytest.raises(ConfigError, match='fitted to heatmaps of 12 pooled values, and these have 6'):
        predicted(neighbours(), sample(TEST[:1], heatmap=PLACES[0][:, :1]))


def test_an_axis_that_is_not_pooled_keeps_its_cells():
    model = NearestNeighbour(pooled_size=(None, 1, None))
    maps = torch.from_numpy(PLACES)
    torch.testing.assert_close(model.describe(maps), maps.mean(5).flatten(1))


# What all of them share

ALL = {'MeanPose': {}, 'PlacedMeanPose': {}, 'PreviousFrame': {}, 'NearestNeighbour': dict(pooled_size=(2, 1, 3))}


def build(name):
    return MODELS.build(dict(type=name, **ALL[name]))


@pytest.mark.parametrize('name', ALL)
def test_a_new_model_takes_what_was_learnt_from_a_checkpoint(name, tmp_path):
    samples = [sample(pose[None], heatmap=each) for pose, each in zip(TRAIN, PLACES)]
    model = fitted(build(name), *samples)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'one.pth')
    state = torch.load(tmp_path / 'one.pth', weights_only=True)['state_dict']
    again = build(name)
    check_state_dict(again, state, 'one.pth')
    again.load_state_dict(state)
    query = sample(TEST, heatmap=np.repeat(PLACES[:1, 0], 3, 0)[:1] if name == 'NearestNeighbour' else None)
    np.testing.assert_array_equal(predicted(again.eval(), query), predicted(model, query))
    assert again.state_dict().keys() == model.state_dict().keys() and not list(model.parameters())
    with pytest.raises(CheckpointError, match='missing in it'):
        check_state_dict(build(name), {}, 'none.pth')
    with pytest.raises(CheckpointError, match='NaN or infinite'):
        check_state_dict(build(name), {key: value * torch.nan for key, value in state.items()}, 'nan.pth')


@pytest.mark.parametrize('name', ALL)
def test_neither_gradients_nor_predictions_before_the_fit(name):
    model = build(name)
    one = sample(TEST[:1], heatmap=PLACES[0])
    with pytest.raises(
        ConfigError, match=f"{name} has no weights to train by gradients.*train_cfg=dict.type='FitLoop'"
    ):
        model(**model.data_preprocessor(batch(one)), mode='loss')
    with pytest.raises(ConfigError, match=f'{name} has not been fitted: run tools/train.py'):
        predicted(model, one)
    assert len(model(torch.from_numpy(PLACES))) == 5  # for those who measure a model


def test_the_packages_configurations_build_them():
    for name in ('mean_pose', 'placed_mean_pose', 'previous_frame', 'nearest_neighbour'):
        model = init_model(f'baselines/{name}_simhupr')
        assert type(model).__name__ == ''.join(part.title() for part in name.split('_'))
