"""Radar poses lifted as they come: those of the causal model over all of them at once."""

import argparse
import asyncio
import json
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from hummuss.datasets.lifting_arrays import lifting_inputs, normalise_to_screen
from hummuss.datasets.motion_lifting_dataset import root_relative
from hummuss.models import delta_scale_from_timestamps
from hummuss.pixel_stream import training_rate_hz
from mmradar.apis import RadarPoseStream, init_model, read_config
from mmradar.apis.pose_lifting import PoseLifting
from mmradar.capture import replay
from mmradar.cli import add_lifter_arguments, lifter_from
from mmradar.engine.checkpoint import config_text
from mmradar.errors import ConfigError, DataError
from mmradar.radar import open_recording
from mmradar.registry import DATASETS
from mmradar.simulation import MOTIONS, Routine, SimulationPlan, Subject, write_hupr_dataset
from mmradar.simulation.camera import Camera

CONFIGS = Path(__file__).parents[1] / 'configs'
RADAR = dict(preset='iwr1843_hupr', num_loops=8, num_samples=128)
PLAN = SimulationPlan(train=0, val=0, test=1, num_frames=12, sequences_per_subject=1, radar=RADAR)
VIEWS = ('hori', 'vert')
SIZE = (256, 256)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmradar')


@pytest.fixture(scope='module')
def recordings(tmp_path_factory):
    root = write_hupr_dataset(tmp_path_factory.mktemp('simulated') / 'set', PLAN)
    (sequence,) = root.glob('single_*')
    return {view: open_recording(sequence / view / 'adc_data.bin', PLAN.radar_config) for view in VIEWS}


@pytest.fixture(scope='module')
def radar_model():
    torch.manual_seed(0)
    return init_model(
        'millimamba_tiny_simhupr',
        cfg_options={
            'radar': RADAR,
            'model.backbone.stem.channels': (4, 4, 8, 16),
            'model.backbone.mixer.num_layers': 1,
            'model.head.num_layers': 1,
        },
    )


@pytest.fixture(scope='module')
def lifter():
    return init_model('hummuss-causal-small')


def offline(lifter, keypoints_px, confidence, times_s):
    """The causal model over the whole sequence."""
    inputs = torch.from_numpy(lifting_inputs(normalise_to_screen(keypoints_px, SIZE), confidence))
    scale = delta_scale_from_timestamps(torch.tensor(times_s)[None], training_rate_hz(lifter.cfg))
    with torch.no_grad():
        return lifter.head(lifter.backbone(inputs[None], scale))[0].numpy()


TIMES_S = dict(
    regular=[0.1 * number for number in range(12)],
    irregular=[0.1 * number + (0.03, -0.02, 0.0, 0.04)[number % 4] for number in range(12)],
    lost=[0.1 * number for number in (0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13)],
)


@pytest.mark.parametrize('poses_per_window', [1, 3])
@pytest.mark.parametrize('times', TIMES_S)
def test_equals_the_causal_model_over_the_same_poses(radar_model, lifter, recordings, times, poses_per_window):
    stream = RadarPoseStream(radar_model, poses_per_window=poses_per_window, lifter=lifter)
    poses = []
    for number, time_s in enumerate(TIMES_S[times]):
        hurry = times == 'irregular' and number in (6, 7, 8)  # three poses, or a burst of three, are left out
        poses += stream.push({view: recordings[view].words([number])[0] for view in VIEWS}, time_s, hurry)
    poses += stream.finish()
    assert len(poses) == dict(regular=12, irregular=9, lost=14)[times]
    keypoints = np.concatenate([pose.keypoints for pose in poses])
    expected = offline(lifter, keypoints, np.ones(keypoints.shape[:2], np.float32), [pose.time_s for pose in poses])
    found = np.stack([pose.keypoints_3d_m for pose in poses])
    assert np.ptp(found, axis=0).max() > 1e-3  # the poses differ
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_missing_joints_are_those_of_training_and_frames_without_a_person_are_left_out(lifter):
    random = np.random.default_rng(0)
    keypoints, scores = random.uniform(0, 256, (9, 1, 14, 2)), random.uniform(0, 1, (9, 1, 14))
    scores[4] = 0.1
    times_s = [0.1 * number for number in range(9)]
    lifting = PoseLifting(lifter, None, SIZE, min_score=0.3)
    found = [lifting.lift(*each) for each in zip(keypoints, scores, times_s)]
    assert found.pop(4) is None
    kept = [0, 1, 2, 3, 5, 6, 7, 8]
    confidence = (scores[kept, 0] >= 0.3).astype(np.float32)
    expected = offline(lifter, keypoints[kept, 0], confidence, [times_s[number] for number in kept])
    np.testing.assert_allclose(found, expected, atol=1e-4)
    lifting.reset()
    np.testing.assert_array_equal(lifting.lift(keypoints[0], scores[0], 0.0), found[0])


def test_a_whole_clip_has_the_poses_of_the_stream(lifter):
    random = np.random.default_rng(0)
    keypoints, scores = random.uniform(0, 256, (12, 14, 2)), np.ones((12, 14))
    scores[4, 3], keypoints[4, 3] = 0, np.nan
    stream = lifter.lifting_stream(SIZE)
    expected = [stream.step(*each) for each in zip(keypoints, scores, TIMES_S['regular'])]
    for times_s in (TIMES_S['regular'], None):  # those of the training
        np.testing.assert_allclose(lifter.lift(keypoints, scores, SIZE, times_s), expected, atol=1e-5)
    assert lifter.double().lift(keypoints.tolist(), scores.tolist(), SIZE) == pytest.approx(
        np.array(expected), abs=1e-5
    )
    lifter.float()


@pytest.mark.parametrize('irregular', [False, True])
def test_a_clip_at_another_rate_has_the_poses_of_the_test_set(lifter, irregular):
    settings = {**lifter.cfg.test_dataloader.dataset, 'num_clips': 1}
    settings.update(rate_scale=0.5, irregular=irregular, noise_px=0.0, joint_dropout=0.0)
    dataset = DATASETS.build(settings)
    sample = dataset[0]
    scale = np.broadcast_to(sample['data_samples'].delta_scale, len(sample['inputs']))
    times_s = np.cumsum(scale) / training_rate_hz(lifter.cfg)
    width, height = SIZE
    keypoints = (sample['inputs'][..., :2].numpy() + [1, height / width]) * (width / 2)
    (expected,) = lifter([sample['inputs']], [sample['data_samples']], mode='predict')
    found = lifter.lift(keypoints, sample['inputs'][..., 2].numpy(), SIZE, times_s)
    np.testing.assert_allclose(found, expected.pred_instances.keypoints_3d, atol=1e-4)


def test_a_whole_clip_is_lifted_with_the_models_flip_test():
    model = init_model('hummuss::hummuss_small_motion', cfg_options={'model.test_cfg': dict(flip_test=True)})
    swap = list(model.dataset_meta['flip_indices'])
    keypoints, scores = np.random.default_rng(0).uniform(0, 256, (9, 14, 2)), np.ones((9, 14))
    mirrored = keypoints[:, swap] * [-1, 1] + [SIZE[0], 0]
    found, turned = model.lift(keypoints, scores, SIZE), model.lift(mirrored, scores, SIZE)
    np.testing.assert_allclose(found, turned[:, swap] * [-1, 1, 1], atol=1e-5)
    assert abs(found[..., 0]).max() > 1e-3


def test_a_transformer_lifts_clips_at_the_rate_of_its_training_only():
    model = init_model('hummuss::dstformer_small_motion')
    keypoints, scores = np.random.default_rng(0).uniform(0, 256, (9, 14, 2)), np.ones((9, 14))
    assert model.lift(keypoints, scores, SIZE).shape == (9, 14, 3)
    with pytest.raises(ConfigError, match='a DSTFormer does not know the times of frames'):
        model.lift(keypoints, scores, SIZE, 0.1 * np.arange(9))


@pytest.mark.no_shape_checks
def test_what_lift_refuses(lifter):
    keypoints, scores = np.ones((4, 14, 2)), np.ones((4, 14))
    for arrays in ((keypoints[0], scores[0]), (keypoints[:0], scores[:0])):
        with pytest.raises(DataError, match='of at least one frame; found'):
            lifter.lift(*arrays, SIZE)
    with pytest.raises(DataError, match=r'scores \(\.\.\., joints\); found \(4, 14, 2\) and \(3, 14\)'):
        lifter.lift(keypoints, scores[:3], SIZE)
    with pytest.raises(DataError, match='scores must be numbers'):
        lifter.lift(keypoints, scores * np.nan, SIZE)
    with pytest.raises(DataError, match=r'image_size is \(width, height\) in px, found \(0, 256\)'):
        lifter.lift(keypoints, scores, (0, 256))
    with pytest.raises(DataError, match=r'found \(14, 2\) and \(13,\)'):
        lifter.lifting_stream(SIZE).step(keypoints[0], scores[0, :13], 0.0)
    with pytest.raises(DataError, match='a time for each of 4 frames'):
        lifter.lift(keypoints, scores, SIZE, [0.0, 0.1])
    with pytest.raises(DataError, match='frame 2 is not later'):
        lifter.lift(keypoints, scores, SIZE, [0.0, 0.1, 0.1, 0.2])
    with pytest.raises(DataError, match='NaN or infinite'):
        lifter.lift(np.full_like(keypoints, np.nan), scores, SIZE)
    with pytest.raises(ValueError, match='with 14 joints'):
        lifter.lift(keypoints[:, :5], scores[:, :5], SIZE)


def checkpoint_of(lifter, path):
    torch.save(dict(meta=dict(config_json=config_text(lifter.cfg)), state_dict=lifter.state_dict()), path)
    return path


def test_the_page_gets_3d_poses_of_a_replayed_recording(radar_model, lifter, recordings, tmp_path):
    aiohttp = pytest.importorskip('aiohttp', reason="the live page needs pip install 'mmradar[live]'")
    from mmradar.live import LiveServer

    parser = argparse.ArgumentParser()
    parser.add_argument('--device', default='cpu')
    add_lifter_arguments(parser)
    loaded = lifter_from(parser.parse_args(['--lift', str(checkpoint_of(lifter, tmp_path / 'epoch_1.pth'))]))

    async def messages(url, count, board):
        async with aiohttp.ClientSession() as client, client.ws_connect(url + 'socket') as browser:
            introduction = await browser.receive(timeout=60)
            board.start()  # after the browser, which so gets the first pose
            return [json.loads(each.data) for each in [introduction, *[await browser.receive() for _ in range(count)]]]

    stop = threading.Event()
    with LiveServer(radar_model, dict.fromkeys(VIEWS, ('127.0.0.1', 0)), port=0, lifter=loaded) as server:
        addresses = {view: board.address for view, board in server.session.boards.items()}
        options = dict(repeat=True, stop=stop.is_set)
        board = threading.Thread(target=replay, args=(recordings, addresses), kwargs=options)
        try:
            introduction, *poses = asyncio.run(messages(server.url, 7, board))
        finally:
            stop.set()
            board.join()
        assert server.session.error is None
    assert introduction['lifted'] and introduction['joints'][0] == 'R_Hip' and len(introduction['joints']) == 14
    assert poses[0]['frame'] == 0
    keypoints, times_s = np.array([pose['poses'][0] for pose in poses]), [pose['time_s'] for pose in poses]
    expected = offline(lifter, keypoints, np.ones(keypoints.shape[:2], np.float32), times_s)
    np.testing.assert_allclose([pose['keypoints_3d_m'] for pose in poses], expected, atol=2e-3)  # px and ms are rounded


def test_the_published_lifter_knows_people_it_has_not_seen(lifter):
    errors_m = []
    for number in range(4):
        rng = np.random.default_rng([99, number])
        routine = Routine.random(Subject.random(rng), list(MOTIONS), number, 6.0, rng)
        joints_m = routine.joints_m(np.arange(60) / 10)
        keypoints, stream = Camera().project(joints_m), lifter.lifting_stream((256, 256))
        lifted = np.stack([stream.step(pose, np.ones(14), 0.1 * frame) for frame, pose in enumerate(keypoints)])
        x, y, z = np.moveaxis(joints_m, -1, 0)
        truth = root_relative(np.stack([x, -z, y], axis=-1))
        of_mean = np.linalg.norm(truth - truth.mean(axis=0), axis=-1).mean()
        errors_m.append((np.linalg.norm(root_relative(lifted) - truth, axis=-1).mean(), of_mean))
    found, of_mean = np.mean(errors_m, axis=0)
    assert found < 0.1  # 83 mm on simhupr-v2-mini
    assert found < of_mean  # even than their own mean poses, which nobody knows


def test_lifters_that_cannot_stream_are_refused(radar_model):
    with pytest.raises(ConfigError, match='a bidirectional HumMUSS cannot run frame by frame'):
        RadarPoseStream(radar_model, lifter=init_model(str(CONFIGS / 'hummuss_small_radar.py')))
    config = read_config(str(CONFIGS / 'hummuss_causal_small_radar.py'))
    config.test_dataloader.dataset.pop('frame_rate_hz')
    with pytest.raises(ConfigError, match='needs the frame rate of the training: frame_rate_hz of the test set'):
        RadarPoseStream(radar_model, lifter=init_model(config))
