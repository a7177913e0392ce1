"""3D poses of a stream, whichever project's model lifts it."""

import json

import numpy as np
import pytest
import torch
from lifters import ElapsedTimeLifter

from conftest import SMALL_PLAN
from mmradar.apis import RadarPoseInferencer, RadarPoseStream, init_model
from mmradar.apis.pose_lifting import PoseLifting
from mmradar.errors import ConfigError
from mmradar.radar import open_recording

VIEWS = ('hori', 'vert')
SIZE = (256, 256)


@pytest.fixture
def model(tiny_config):
    torch.manual_seed(1)
    return init_model(tiny_config)


@pytest.fixture
def frames(simulated_root):
    radar = SMALL_PLAN.radar_config
    files = {view: open_recording(simulated_root / f'single_7/{view}/adc_data.bin', radar) for view in VIEWS}
    return [{view: file.words([number])[0] for view, file in files.items()} for number in range(5)]


def elapsed_s(poses):
    """The times since the lifter's stream began."""
    return [float(pose.keypoints_3d_m[0, 2]) for pose in poses]


def test_every_pose_is_lifted_at_the_time_of_its_frame(model, frames):
    times = [3.0, 3.1, 3.22, 3.3, 3.41]
    plain, stream = RadarPoseStream(model), RadarPoseStream(model, lifter=ElapsedTimeLifter())
    expected, poses = [], []
    for frame, time_s in zip(frames, times):
        expected += plain.push(frame, time_s)
        poses += stream.push(frame, time_s)
    expected, poses = expected + plain.finish(), poses + stream.finish()
    assert stream.lifted and not plain.lifted and all(pose.keypoints_3d_m is None for pose in expected)
    assert elapsed_s(poses) == pytest.approx([time_s - 3.0 for time_s in times])
    for pose, other in zip(poses, expected, strict=True):
        np.testing.assert_array_equal(pose.keypoints, other.keypoints)
        (keypoints,) = pose.keypoints
        np.testing.assert_allclose(pose.keypoints_3d_m[:, :2], (keypoints - keypoints.mean(0)) / 128, atol=1e-6)


def test_poses_of_a_burst_are_lifted_in_order(model, frames):
    stream = RadarPoseStream(model, poses_per_window=3, lifter=ElapsedTimeLifter())
    bursts = [stream.push(frame) for frame in frames] + [stream.finish()]
    assert max(map(len, bursts)) == 3
    assert elapsed_s([pose for burst in bursts for pose in burst]) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_frames_lost_or_left_out_leave_longer_intervals(model, frames):
    stream = RadarPoseStream(model, look_ahead=0, lifter=ElapsedTimeLifter())
    poses = [*stream.push(frames[0], 0.0), *stream.push(frames[1], 0.1, hurry=True), *stream.push(frames[2], 0.2)]
    assert [pose.frame for pose in poses] == [0, 2] and elapsed_s(poses) == pytest.approx([0, 0.2])
    poses = stream.push(frames[4], 0.4)  # the frame of 0.3 s was lost: the stream fills it in
    assert [bool(pose.missing) for pose in poses] == [True, False] and elapsed_s(poses) == pytest.approx([0.3, 0.4])


def test_a_new_recording_begins_a_new_stream(model, frames):
    stream = RadarPoseStream(model, look_ahead=0, lifter=ElapsedTimeLifter())
    poses = stream.push(frames[0], 0.0) + stream.push(frames[1], 0.1)
    gap_s = (stream.window.num_frames + 1) / 10
    poses += stream.push(frames[2], 0.1 + gap_s) + stream.push(frames[3], 0.2 + gap_s)
    assert elapsed_s(poses) == pytest.approx([0, 0.1, 0, 0.1])
    stream.finish()
    assert elapsed_s(stream.push(frames[4], 0.0)) == [0]  # of another source, whose times begin again


def test_poses_of_files_and_splits_are_lifted(model, simulated_root, tmp_path):
    inferencer = RadarPoseInferencer(model, lifter=ElapsedTimeLifter())
    for _ in range(2):  # each time from its first frame on
        results = list(inferencer(simulated_root / 'single_7', out_dir=tmp_path, frames=[1, 2, 4], draw_heatmap=False))
        poses = [result['predictions'][0]['keypoints_3d_m'] for result in results]
        assert [pose[0, 2] for pose in poses] == pytest.approx([0, 0.1, 0.3])
    coco = json.loads((tmp_path / 'predictions' / 'single_7.json').read_text())
    np.testing.assert_allclose([entry['keypoints_3d_m'] for entry in coco], poses, atol=1e-4)
    # two sequences of 5 frames
    times_s = [result['predictions'][0]['keypoints_3d_m'][0, 2] for result in inferencer('test')]
    assert times_s == pytest.approx(2 * [0, 0.1, 0.2, 0.3, 0.4])


def test_what_is_not_seen_is_not_lifted():
    keypoints, scores = np.random.default_rng(0).uniform(0, 256, (2, 14, 2)), np.full((2, 14), 0.6)
    scores[0, 3], keypoints[0, 4] = 0.2, np.nan
    lifting = PoseLifting(ElapsedTimeLifter(), None, SIZE, min_score=0.5)
    assert lifting.lift(np.zeros((0, 14, 2)), np.zeros((0, 14)), 1.0) is None  # nobody
    assert lifting.lift(keypoints, scores / 2, 1.1) is None  # nobody whose score suffices
    pose = lifting.lift(keypoints, scores, 1.2)
    assert (pose[[3, 4]] == 0).all() and pose[0, 2] == 0  # neither frame before began the stream
    np.testing.assert_allclose(pose[5] - pose[6], [*(keypoints[0, 5] - keypoints[0, 6]) / 128, 0])  # the first of two


def test_a_time_before_the_last_begins_a_new_stream_and_the_same_time_has_no_pose():
    keypoints, scores = np.random.default_rng(0).uniform(0, 256, (1, 14, 2)), np.ones((1, 14))
    lifting = PoseLifting(ElapsedTimeLifter(), None, SIZE)
    poses = [lifting.lift(keypoints, scores, time_s) for time_s in (5.0, 5.1, 5.1, 5.2, 0.0, 0.1)]
    assert poses.pop(2) is None
    assert [pose[0, 2] for pose in poses] == pytest.approx([0, 0.1, 0.2, 0, 0.1])


def test_lifters_that_do_not_fit_are_refused(model, frames):
    with pytest.raises(ConfigError, match='a RadarPoseEstimator cannot lift poses to 3D frame by frame'):
        RadarPoseStream(model, lifter=model)
    lifter = ElapsedTimeLifter()
    lifter.dataset_meta = dict(keypoint_id2name={0: 'Head', 1: 'Neck'})
    with pytest.raises(ConfigError, match='trained on the joints Head, Neck, in this order; the radar model.* R_Hip, '):
        RadarPoseStream(model, lifter=lifter)
    with pytest.raises(ConfigError, match='only 2D poses can be lifted, and the model predicts 3D poses'):
        PoseLifting(ElapsedTimeLifter(), None, SIZE).lift(np.zeros((1, 14, 3)), np.ones((1, 14)), 0.0)
