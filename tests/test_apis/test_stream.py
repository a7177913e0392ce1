"""Poses of frames as they come: those of the same frames in a file."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from conftest import SMALL_PLAN, on_small_data
from mmradar.apis import RadarPoseStream, inference, init_model, read_config
from mmradar.apis.inference import recording_dataset
from mmradar.errors import ConfigError, DataError
from mmradar.radar import MemoryRecording, RawRecording, open_recording

VIEWS = ('hori', 'vert')


@pytest.fixture(params=['centre', 'last', 'first'])
def model(request, tiny_config):
    torch.manual_seed(1)
    return init_model(tiny_config, cfg_options={'test_dataloader.dataset.window.key': request.param})


@pytest.fixture
def recordings(simulated_root):
    return {
        view: open_recording(simulated_root / f'single_7/{view}/adc_data.bin', SMALL_PLAN.radar_config)
        for view in VIEWS
    }


def frame(recordings, number):
    return {view: recording.words([number])[0] for view, recording in recordings.items()}


def streamed(stream, frames, times=None):
    poses = []
    for number, each in enumerate(frames):
        poses += stream.push(each, None if times is None else times[number])
    return poses + stream.finish()


def same(poses, samples, atol=1e-3):
    assert len(poses) == len(samples)
    for pose, sample in zip(poses, samples):
        np.testing.assert_allclose(pose.keypoints, sample.pred_instances.keypoints, atol=atol)
        np.testing.assert_allclose(pose.scores, sample.pred_instances.keypoint_scores, atol=1e-5)


def test_a_stream_gives_what_the_file_gives(model, recordings):
    expected = inference(model, recordings)
    stream = RadarPoseStream(model)
    assert stream.look_ahead == {'centre': 1, 'last': 0, 'first': 2}[model.cfg.test_dataloader.dataset.window.key]
    assert stream.wait == stream.look_ahead and stream.wait_s == pytest.approx(stream.look_ahead / 10)
    waiting = [len(stream.push(frame(recordings, number))) for number in range(5)]
    assert waiting == [0] * stream.look_ahead + [1] * (5 - stream.look_ahead)
    assert len(stream.finish()) == stream.look_ahead

    for kind in ('words', 'cubes'):
        frames = [frame(recordings, n) for n in range(5)]
        if kind == 'cubes':
            frames = [{view: recordings[view].cube([n])[0] for view in VIEWS} for n in range(5)]
        poses = streamed(RadarPoseStream(model), frames)
        same(poses, expected)
        assert [pose.frame for pose in poses] == [0, 1, 2, 3, 4] and not any(pose.missing for pose in poses)
        assert [pose.time_s for pose in poses] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
        assert all(pose.computed_s > 0 and pose.heatmaps.shape[:2] == (2, 2) for pose in poses)


def test_words_come_without_the_headers_that_the_radar_s_files_have(tiny_config, recordings):
    for loader in (tiny_config.train_dataloader, tiny_config.val_dataloader, tiny_config.test_dataloader):
        loader.dataset.radar = dict(loader.dataset.radar, header_bytes=64)
    model = init_model(tiny_config)
    assert model.cfg.test_dataloader.dataset.radar.header_bytes == 64
    cubes = [{view: recordings[view].cube([n])[0] for view in VIEWS} for n in range(5)]
    poses = streamed(RadarPoseStream(model), [frame(recordings, n) for n in range(5)])
    for pose, other in zip(poses, streamed(RadarPoseStream(model), cubes), strict=True):
        np.testing.assert_allclose(pose.keypoints, other.keypoints, atol=1e-3)


def test_a_window_longer_than_the_stream_and_a_model_of_whole_sequences(simulated_root, recordings):
    config = on_small_data(read_config('millimamba_small_simhupr'), simulated_root)
    torch.manual_seed(1)
    model = init_model(config)
    assert RadarPoseStream(model).look_ahead == 7
    same(streamed(RadarPoseStream(model), [frame(recordings, n) for n in range(5)]), inference(model, recordings), 5e-3)
    again = {
        view: RawRecording(np.concatenate([recording.words()] * 5), recording.path, recording.config)
        for view, recording in recordings.items()
    }
    same(streamed(RadarPoseStream(model), [frame(again, n) for n in range(25)]), inference(model, again), 5e-3)


def test_missing_views_and_lost_frames_repeat_the_last_one(model, recordings):
    """What is predicted is what a file with the repeated frames would give."""
    frames = [frame(recordings, number) for number in range(5)]
    del frames[2]['vert']
    frames[3] = dict(hori=None, vert=None)
    kept = dict(hori=[0, 1, 2, 2, 4], vert=[0, 1, 1, 1, 4])
    repeated = {
        view: MemoryRecording(recording.cube(kept[view]), recording.config) for view, recording in recordings.items()
    }
    poses = streamed(RadarPoseStream(model), frames)
    same(poses, inference(model, repeated))
    assert [pose.missing for pose in poses] == [(), (), ('vert',), VIEWS, ()]

    # frame 3 did not come at all, which the times tell
    del frames[3]
    poses = streamed(RadarPoseStream(model), frames, [10.0, 10.1, 10.2, 10.41])
    same(poses, inference(model, repeated))
    assert [pose.missing for pose in poses] == [(), (), ('vert',), VIEWS, ()]
    assert [pose.time_s for pose in poses] == pytest.approx([10, 10.1, 10.2, 10.305, 10.41])


def test_a_new_recording_begins_after_a_gap_and_until_all_views_have_come(model, recordings):
    stream = RadarPoseStream(model)
    frames = [frame(recordings, number) for number in range(5)]
    assert stream.push(dict(hori=frames[0]['hori']), 0.0) == [] and stream.push({}, 0.1) == []
    assert stream.skipped == 2
    poses = [pose for n in range(3) for pose in stream.push(frames[n], 0.2 + 0.1 * n)]
    poses += stream.push(frames[3], 5.0) + stream.push(frames[4], 5.1) + stream.finish()
    parts = [
        {view: MemoryRecording(recording.cube(part), recording.config) for view, recording in recordings.items()}
        for part in ([0, 1, 2], [3, 4])
    ]
    same(poses, [sample for part in parts for sample in inference(model, part)])
    assert [pose.frame for pose in poses] == [0, 1, 2, 3, 4]


def test_poses_that_are_left_out_change_no_other(model, recordings):
    stream, expected = RadarPoseStream(model), inference(model, recordings)
    poses = [pose for n in range(5) for pose in stream.push(frame(recordings, n), hurry=n in (2, 3))] + stream.finish()
    kept = [n for n in range(5) if n + stream.look_ahead not in (2, 3)]
    assert [pose.frame for pose in poses] == kept and stream.left_out == 5 - len(kept)
    same(poses, [expected[n] for n in kept])


def windows_of(model, recordings, keys):
    """Keypoints of all frames of the windows around some frames, from the file."""
    windows = recording_dataset(model.cfg, recordings)
    with torch.no_grad():
        batch = model.data_preprocessor(pseudo_collate([windows[key] for key in keys]), False)
        keypoints, scores = model.predict_window(**batch)
    return dict(zip(keys, zip(keypoints.numpy(), scores.numpy())))


@pytest.mark.parametrize('poses_per_window', [2, 3])
def test_several_poses_of_one_window_are_those_of_the_window(model, recordings, poses_per_window):
    again = {
        view: RawRecording(np.concatenate([recording.words()] * 2), recording.path, recording.config)
        for view, recording in recordings.items()
    }
    count = len(again['hori'])
    stream, key = (
        RadarPoseStream(model, poses_per_window=poses_per_window),
        model.cfg.test_dataloader.dataset.window.key,
    )
    before = {('centre', 2): 1, ('centre', 3): 1, ('last', 2): 1, ('last', 3): 2}.get((key, poses_per_window), 0)
    bursts = [stream.push(frame(again, number)) for number in range(count)] + [stream.finish()]
    keys = [min(first + before, count - 1) for first in range(0, count, poses_per_window)]
    windows, in_window = windows_of(model, again, keys), dict(centre=1, last=2, first=0)[key]
    poses = [pose for burst in bursts for pose in burst]
    assert [pose.frame for pose in poses] == list(range(count))
    assert {len(burst) for burst in bursts[:-1]} == {0, poses_per_window}
    first_wait = next(number for number, burst in enumerate(bursts) if burst)
    assert first_wait == stream.wait == before + stream.look_ahead
    for pose in poses:
        of_window = keys[pose.frame // poses_per_window]
        keypoints, scores = windows[of_window]
        place = in_window + pose.frame - of_window
        np.testing.assert_allclose(pose.keypoints[0], keypoints[place], atol=1e-3)
        np.testing.assert_allclose(pose.scores[0], scores[place], atol=1e-5)
    exact = streamed(RadarPoseStream(model), [frame(again, number) for number in range(count)])
    for number in keys:  # each key frame's pose is what it is with a window of its own
        np.testing.assert_allclose(poses[number].keypoints, exact[number].keypoints, atol=1e-3)
        np.testing.assert_allclose(poses[number].heatmaps, exact[number].heatmaps, atol=1e-5)


@pytest.mark.parametrize('look_ahead', [0, 1, 2])
def test_poses_come_as_early_as_is_asked_for(model, recordings, look_ahead):
    """They are those of a model that is tested with that key frame."""
    stream = RadarPoseStream(model, look_ahead)
    bursts = [stream.push(frame(recordings, number)) for number in range(5)] + [stream.finish()]
    assert [len(burst) for burst in bursts] == [0] * look_ahead + [1] * (5 - look_ahead) + [look_ahead]
    model.cfg.test_dataloader.dataset.window.key = 2 - look_ahead
    same([pose for burst in bursts for pose in burst], inference(model, recordings))


def test_windows_that_overlap_a_frame_are_averaged(model, recordings):
    stream = RadarPoseStream(model, average=2)
    poses = [pose for number in range(5) for pose in stream.push(frame(recordings, number))] + stream.finish()
    windows = windows_of(model, recordings, range(5))
    key_index = stream.window.key_index
    for number, pose in enumerate(poses):
        keys = [key for key in (number - 1, number) if key >= 0 and key_index + number - key < 3]
        expected = np.mean([windows[key][0][key_index + number - key] for key in keys], axis=0)
        np.testing.assert_allclose(pose.keypoints[0], expected, atol=1e-3)
    if key_index < 2:  # a window that ends with its key frame is alone with it
        alone = streamed(RadarPoseStream(model), [frame(recordings, number) for number in range(5)])
        assert any(np.abs(one.keypoints - other.keypoints).max() > 1e-4 for one, other in zip(poses, alone))
    with pytest.raises(ConfigError, match='average must be at least 1 window, found 0'):
        RadarPoseStream(model, average=0)


def test_a_hurry_leaves_out_the_poses_of_a_window(model, recordings):
    def run(hurried):
        stream, poses = RadarPoseStream(model, poses_per_window=2), []
        for number in range(5):
            poses += stream.push(frame(recordings, number), hurry=number == hurried)
        return poses + stream.finish(), stream.wait

    everything, wait = run(None)
    some, _ = run(wait)
    assert [pose.frame for pose in some] == [2, 3, 4]
    for kept, expected in zip(some, everything[2:]):
        np.testing.assert_allclose(kept.keypoints, expected.keypoints, atol=1e-3)


def test_choices_that_cannot_be(model, simulated_root):
    with pytest.raises(ConfigError, match='poses_per_window must be 1 to 3, the frames of a window; found 4'):
        RadarPoseStream(model, poses_per_window=4)
    with pytest.raises(ConfigError, match='look_ahead must be 0 to 2, a window having 3 frames; found 3'):
        RadarPoseStream(model, look_ahead=3)
    one_frame = init_model(on_small_data(read_config('ablations/millimamba_many_to_one_hupr'), simulated_root))
    with pytest.raises(ConfigError, match='predicts the key frame of a window alone'):
        RadarPoseStream(one_frame, poses_per_window=2)
    with pytest.raises(ConfigError, match='predicts the key frame alone'):
        one_frame.predict_window(torch.zeros(1), [])


def test_mistakes_are_told(model, recordings):
    stream = RadarPoseStream(model)
    stream.push(frame(recordings, 0), 1.0)
    with pytest.raises(DataError, match=r'a frame of 0.900 s came after one of 1.000 s'):
        stream.push(frame(recordings, 1), 0.9)
    with pytest.raises(ConfigError, match="the model takes the views hori, vert, found 'left'"):
        stream.push(dict(left=None))
    words = recordings['hori'].words([0])[0]
    with pytest.raises(DataError, match=r'hori: expected int16 words \(8, 3, 1024\) of a frame, found \(4, 3, 1024\)'):
        stream.push(dict(hori=words[:4]), 1.1)
    with pytest.raises(DataError, match=r'hori: expected complex samples'):
        stream.push(dict(hori=recordings['hori'].cube([0])[0, :4]), 1.1)


def test_mixed_precision_changes_poses_by_little(model, recordings):
    frames = [frame(recordings, number) for number in range(5)]
    exact, mixed = (streamed(RadarPoseStream(model, amp=amp), frames) for amp in (False, True))
    differences = [np.abs(a.keypoints - b.keypoints).max() for a, b in zip(exact, mixed)]
    assert 0 < max(differences) < 3  # px of 256
    assert all(pose.keypoints.dtype == np.float32 for pose in mixed)
    np.testing.assert_array_equal(exact[0].heatmaps, mixed[0].heatmaps)


def test_a_model_without_parameters():
    """A mean pose has no network; it must have been fitted."""
    stream = RadarPoseStream(init_model('baselines/mean_pose_simhupr'))
    with pytest.raises(ConfigError, match='has not been fitted'):
        streamed(stream, [dict.fromkeys(VIEWS, np.zeros(stream.radar.frame_shape, np.complex64))])
