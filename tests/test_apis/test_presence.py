"""An empty room: no pose, though the network has one."""

import numpy as np
import pytest
import torch
from lifters import ElapsedTimeLifter

from conftest import SMALL_PLAN
from mmradar.apis import RadarPoseInferencer, RadarPoseStream, inference, init_model
from mmradar.apis.presence import RecordedEchoes, seen_range_bins, somebody_moves
from mmradar.errors import ConfigError
from mmradar.radar import MIN_ECHO_DB, MemoryRecording, echo_strength_db, open_recording

RADAR = SMALL_PLAN.radar_config
VIEWS = ('hori', 'vert')


@pytest.fixture
def model(tiny_config):
    torch.manual_seed(1)
    return init_model(tiny_config)


@pytest.fixture
def left(simulated_root):
    """A person for five frames, then five frames of an empty room; of its radars, one sees a fan in the last frame."""
    found = {}
    for view in VIEWS:
        person = open_recording(simulated_root / f'single_8/{view}/adc_data.bin', RADAR).cube()
        parts = np.random.default_rng(len(view)).normal(size=(2, *person.shape)).astype(np.float32)
        empty = 5 * (parts[0] + 1j * parts[1])
        if view == 'hori':
            empty[-1] = person[0]
        found[view] = MemoryRecording(np.concatenate([person, empty]), RADAR, view)
    return found


def test_both_radars_must_see_somebody_within_the_window():
    assert somebody_moves(np.array([[20.0, 3], [3, 20]]), 15)
    assert not somebody_moves(np.array([[20.0, 3], [20, 3]]), 15)
    assert not somebody_moves(np.array([[np.nan, np.nan]]), 15)


def test_a_stream_and_a_file_have_no_pose_of_an_empty_room(model, left):
    expected = inference(model, left)  # a pose in every frame
    stream = RadarPoseStream(model, min_echo_db=MIN_ECHO_DB, lifter=ElapsedTimeLifter())
    poses = [pose for n in range(10) for pose in stream.push({view: left[view].cube([n])[0] for view in VIEWS})]
    poses += stream.finish()
    results = list(RadarPoseInferencer(model)(left, min_echo_db=MIN_ECHO_DB))
    # a window is the frame before, its own and the next one
    there = [True] * 6 + [False] * 4
    assert [len(pose.keypoints) for pose in poses] == there
    assert [len(result['predictions']) for result in results] == there
    for pose, result, sample in zip(poses, results, expected):
        assert pose.keypoints.shape[1:] == (14, 2) and pose.scores.shape[1:] == (14,)
        assert (pose.keypoints_3d_m is not None) == (len(pose.keypoints) == 1)
        for person, streamed in zip(result['predictions'], pose.keypoints):
            np.testing.assert_allclose(person['keypoints'], sample.pred_instances.keypoints[0], atol=1e-3)
            np.testing.assert_allclose(streamed, sample.pred_instances.keypoints[0], atol=1e-3)
    assert poses[2].echo_db.min() > MIN_ECHO_DB > 6 > poses[7].echo_db.max()
    assert poses[9].echo_db[0] > MIN_ECHO_DB > 6 > poses[9].echo_db[1]


def test_somebody_is_taken_to_be_there_unless_it_is_asked(model, left):
    stream = RadarPoseStream(model)
    poses = [pose for n in range(10) for pose in stream.push({view: left[view].cube([n])[0] for view in VIEWS})]
    assert len(poses) == 9 and all(len(pose.keypoints) == 1 and pose.echo_db is None for pose in poses)
    assert all(len(result['predictions']) == 1 for result in RadarPoseInferencer(model)(left))
    with pytest.raises(ConfigError, match='min_echo_db is for recordings'):
        next(RadarPoseInferencer(model)('test', min_echo_db=MIN_ECHO_DB))


def test_echoes_of_a_recording_are_those_of_its_frames(model, left, tiny_config):
    bins = seen_range_bins(RadarPoseStream(model)._pipeline)
    assert bins == tuple(tiny_config.range_bins)
    echoes = RecordedEchoes(left, RADAR, bins)
    every = np.stack([echo_strength_db(left[view], range_bins=bins) for view in VIEWS], axis=1)
    assert echoes.length == 10
    for frames in ([3, 3, 4], [4, 5, 6], [0, 9]):
        np.testing.assert_allclose(echoes.of_frames(np.array(frames)), every[frames], rtol=1e-6)
