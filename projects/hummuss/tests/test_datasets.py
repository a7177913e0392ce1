import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hummuss.datasets import MotionLiftingDataset
from hummuss.datasets.amass import SMPL_JOINTS, read_amass
from hummuss.datasets.frame_times import FrameTimes
from hummuss.datasets.lifting_arrays import check_lifting_arrays, missing_joints, normalise_to_screen
from hummuss.datasets.motion_lifting_dataset import root_relative
from hummuss.datasets.motion_sources import recorded_clips
from hummuss.datasets.virtual_camera import VirtualCamera
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from mmradar.errors import ConfigError, DataError
from mmradar.registry import DATASETS
from mmradar.simulation import JOINT_NAMES, MotionSequence, Performance, Subject
from mmradar.simulation.motion_files import write_npz

SHARED = Path(__file__).parents[3].parent / 'shared' / 'data'
CLEAN = dict(noise_px=0.0, joint_dropout=0.0)


def build(**kwargs):
    return MotionLiftingDataset(**{**dict(num_clips=3, motions=['walk', 'bow'], num_frames=25), **kwargs})


def label(sample, name='keypoints_3d'):
    return getattr(sample['data_samples'].gt_instance_labels, name)


def walk(duration_s=4.0, rate_hz=30.0, seed=0):
    rng = np.random.default_rng(seed)
    joints = Performance.random(Subject.random(rng), 'walk', rng).joints_m(np.arange(0, duration_s, 1 / rate_hz))
    return MotionSequence(joints, rate_hz, 'walk')


@pytest.fixture
def folder(tmp_path):
    """Five recorded motions of 4 s, the last of 0.5 s."""
    for index in range(5):
        write_npz(walk(4.0 if index < 4 else 0.5, seed=index), tmp_path / f'motion{index}.npz')
    return tmp_path


# the sample


def test_a_sample_is_ready_for_a_model():
    sample = build(joint_dropout=0.3)[0]
    assert sample['inputs'].shape == (25, 14, 3)
    assert sample['inputs'].dtype == label(sample).dtype == torch.float32
    assert label(sample).shape == (25, 14, 3)
    assert label(sample, 'keypoint_weights').shape == (25, 14)
    assert label(sample, 'keypoint_weights').min() == 1  # a joint that is not seen is still to be lifted
    meta = sample['data_samples'].metainfo
    assert meta['action'] == 'walk' and meta['delta_scale'] == 1.0 and meta['frame_rate_hz'] == 30.0
    missing = sample['inputs'][..., 2] == 0
    assert 0.2 < missing.float().mean() < 0.4
    assert not sample['inputs'][missing].any()


def test_labels_are_metres_around_the_pelvis_and_the_head_is_up():
    for sample in build(num_clips=4):
        joints = label(sample)
        torch.testing.assert_close(joints[:, 0], -joints[:, 3])
        thigh = (joints[:, 0] - joints[:, 1]).norm(dim=-1)
        assert thigh.min() > 0.3 and thigh.max() < 0.6
        assert (joints[:, 7, 1] < -0.2).all()  # y is down; a bow brings the head down to the hips, not below


def test_without_noise_the_inputs_are_what_the_camera_sees():
    dataset = build(**CLEAN)
    clip = dataset._clip(1, 0)
    camera = dataset.camera_of(1, clip)
    joints = camera.to_camera(clip.joints_m(np.arange(25) / 30))
    sample = next(sample for sample in dataset if sample['data_samples'].clip_id == clip.name)
    width = camera.image_size[0]
    x = 2 * (camera.focal_px * joints[..., 0] / joints[..., 2]) / width
    y = 2 * (camera.focal_px * joints[..., 1] / joints[..., 2]) / width
    np.testing.assert_allclose(sample['inputs'][..., :2], np.stack([x, y], -1), atol=1e-6)
    np.testing.assert_allclose(label(sample), root_relative(joints), atol=1e-6)


def test_noise_has_the_deviation_asked_for():
    noisy, clean = build(noise_px=8.0, joint_dropout=0.0), build(**CLEAN)
    pixels = torch.cat([(a['inputs'] - b['inputs'])[..., :2] for a, b in zip(noisy, clean)]) * 500
    assert float(pixels.std()) == pytest.approx(8.0, rel=0.05)


def test_normalised_coordinates_are_those_of_motionbert():
    codec_like = normalise_to_screen(np.array([[0.0, 0.0], [1000.0, 500.0], [500.0, 250.0]]), (1000, 500))
    np.testing.assert_allclose(codec_like, [[-1, -0.5], [1, 0.5], [0, 0]])


# randomness


def test_samples_do_not_depend_on_workers_or_order():
    dataset = build(noise_px=3.0, joint_dropout=0.2, irregular=True)
    alone = [dataset[index] for index in reversed(range(len(dataset)))][::-1]
    loader = DataLoader(dataset, batch_size=2, num_workers=2, collate_fn=pseudo_collate)
    loaded = [inputs for batch in loader for inputs in batch['inputs']]
    assert len(loaded) == len(dataset)
    for one, other in zip(alone, loaded):
        assert torch.equal(one['inputs'], other)


def test_fresh_samples_change_with_the_epoch_even_in_workers_that_stay():
    dataset = build(fresh=True)
    loader = DataLoader(dataset, batch_size=99, num_workers=1, persistent_workers=True, collate_fn=pseudo_collate)
    epochs = []
    for epoch in (0, 1, 0):
        dataset.set_epoch(epoch)
        epochs.append(torch.stack(next(iter(loader))['inputs']))
    assert torch.equal(epochs[0], epochs[2])
    assert not torch.equal(epochs[0], epochs[1])
    still = build(fresh=False)
    first = still[0]['inputs']
    still.set_epoch(1)
    assert torch.equal(first, still[0]['inputs'])


def test_splits_and_seeds_have_other_people():
    def thighs(**kwargs):
        joints = [label(sample)[0] for sample in build(num_clips=6, motions=['walk'], **kwargs)]
        return {round(float((pose[0] - pose[1]).norm()), 5) for pose in joints}

    sets = [thighs(split='train'), thighs(split='test'), thighs(split='train', seed=1)]
    assert all(len(people) == 6 for people in sets)
    assert len(set.union(*sets)) == 18


def test_each_motion_has_its_turn():
    assert [sample['data_samples'].action for sample in build(num_clips=4, clip_s=1.0)] == ['walk', 'bow'] * 2


# frame rates


@pytest.mark.parametrize(('scale', 'frames'), [(0.25, 7), (0.5, 13), (2.0, 49), (4.0, 97)])
def test_at_another_rate_the_same_moments_are_sampled_more_or_less_often(scale, frames):
    base, other = build(**CLEAN), build(rate_scale=scale, **CLEAN)
    assert len(base) == len(other)
    assert other.times.duration_s == base.times.duration_s
    one, two = base[3], other[3]
    assert two['inputs'].shape == (frames, 14, 3)
    assert two['data_samples'].delta_scale == 1 / scale
    assert two['data_samples'].clip_id == one['data_samples'].clip_id
    coarse, fine = (one, two) if scale > 1 else (two, one)
    step = round(max(scale, 1 / scale))
    torch.testing.assert_close(coarse['inputs'], fine['inputs'][::step], atol=1e-6, rtol=0)
    torch.testing.assert_close(label(coarse), label(fine)[::step], atol=1e-6, rtol=0)


def test_the_number_of_frames_may_be_kept_instead():
    slow = build(rate_scale=0.5, keep='frames', **CLEAN)
    assert slow[0]['inputs'].shape == (25, 14, 3)
    assert slow.times.duration_s == pytest.approx(2 * build().times.duration_s)
    torch.testing.assert_close(label(slow[0])[:13], label(build(**CLEAN)[0])[::2], atol=1e-6, rtol=0)


def test_irregular_frames_say_how_far_apart_they_are():
    dataset = build(irregular=True, rate_scale=0.5, **CLEAN)
    sample = dataset[1]
    meta = sample['data_samples'].metainfo
    times, delta = meta['timestamps_s'], meta['delta_scale']
    assert delta.shape == (13,) and delta.dtype == np.float32
    np.testing.assert_allclose(delta[1:], np.diff(times) * 30.0, rtol=1e-6)
    assert delta[0] == pytest.approx(2.0)
    assert delta.max() / delta[1:].min() > 1.5
    assert times[-1] == pytest.approx(dataset.times.duration_s)
    clip, window = dataset._clip(0, 0), meta['window']
    joints = dataset.camera_of(0, clip).to_camera(clip.joints_m(window * dataset.stride_s + times))
    np.testing.assert_allclose(label(sample), root_relative(joints), atol=1e-6)


def test_the_model_may_be_left_in_the_dark_for_comparison():
    for options in (dict(rate_scale=2.0), dict(irregular=True)):
        told, untold = build(**options)[0], build(rescale=False, **options)[0]
        assert torch.equal(told['inputs'], untold['inputs'])
        assert untold['data_samples'].delta_scale == 1.0
        assert not np.array_equal(told['data_samples'].delta_scale, 1.0)


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 300), st.floats(0.1, 5.0), st.floats(0.0, 0.95), st.integers(0, 100))
def test_frame_times_ascend_and_fill_the_window(frames, scale, irregularity, seed):
    times = FrameTimes(frames, 30.0, scale, 'frames', irregularity)
    drawn = times.times_s(np.random.default_rng(seed))
    assert len(drawn) == frames
    assert drawn[0] == 0 and drawn[-1] == pytest.approx((frames - 1) / (30 * scale))
    steps = np.diff(drawn) * 30 * scale
    assert (steps > 0).all()
    assert steps.mean() == pytest.approx(1.0)


# occlusion


@pytest.mark.parametrize('mean_s', [0.0, 0.5])
@pytest.mark.parametrize('rate_hz', [10.0, 120.0])
def test_missing_joints_have_share_and_duration_asked_for_at_any_rate(mean_s, rate_hz):
    missing = missing_joints(np.arange(0, 600, 1 / rate_hz), 14, 0.3, mean_s, np.random.default_rng(0))
    assert missing.mean() == pytest.approx(0.3, abs=0.02)
    if mean_s:
        starts = (missing[1:] & ~missing[:-1]).sum()
        # sampling hides some gaps between absences, and absences between frames
        assert missing.sum() / rate_hz / starts == pytest.approx(mean_s, rel=0.2)


@pytest.mark.parametrize('mean_s', [0.0, 0.5])
def test_no_joint_is_missing_or_all_are(mean_s):
    times, rng = np.arange(50) / 30, np.random.default_rng(0)
    assert not missing_joints(times, 14, 0.0, mean_s, rng).any()
    assert missing_joints(times, 14, 1.0, mean_s, rng).all()


# cameras


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.sampled_from([(1000, 1000), (1920, 1080), (480, 640)]))
def test_a_random_camera_sees_the_whole_motion_upright(seed, image_size):
    joints = walk(seed=seed % 5).positions_m
    camera = VirtualCamera.random(joints, np.random.default_rng(seed), image_size=image_size)
    np.testing.assert_allclose(camera.rotation @ camera.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(camera.rotation) == pytest.approx(1.0)
    seen = camera.to_camera(joints)
    pixels = camera.project(seen)
    assert (pixels >= 0).all() and (pixels <= image_size).all()
    assert (seen[..., 2] > 2.0).all()
    assert (pixels[:, 7, 1] < pixels[:, [2, 5], 1].min(axis=1)).all()  # the head is above both ankles
    assert 0.4 < np.abs(pixels / image_size * 2 - 1).max() < 0.96


def test_left_and_right_are_not_mirrored():
    # a person at the origin who faces the camera, which looks along +y: its right hand is on the left of the image
    camera = VirtualCamera.looking_at(np.array([0.0, -4.0, 1.0]), np.array([0.0, 0.0, 1.0]), 500.0)
    right_hand, above = camera.project(camera.to_camera(np.array([[-0.5, 0.0, 1.0], [0.0, 0.0, 1.5]])))
    np.testing.assert_allclose(right_hand, [500 - 62.5, 500])
    np.testing.assert_allclose(above, [500, 500 - 62.5])


def test_impossible_cameras_are_errors():
    with pytest.raises(ValueError, match='straight up or down'):
        VirtualCamera.looking_at(np.array([0.0, 0.0, 5.0]), np.zeros(3), 500.0)
    camera = VirtualCamera.looking_at(np.array([0.0, -4.0, 1.0]), np.array([0.0, 0.0, 1.0]), 500.0)
    with pytest.raises(ValueError, match='in front of the camera'):
        camera.project(np.array([[0.0, 0.0, -1.0]]))
    with pytest.raises(ValueError, match='in front of the camera'):
        VirtualCamera.random(walk().positions_m, np.random.default_rng(0), distance_m=(-0.3, -0.3))


# recorded motions


def test_recorded_motions_are_split_by_file(folder):
    options = dict(num_clips=0, motion_files=['.'], data_root=str(folder), short='drop', test_every=2)
    clips = {
        split: {Path(sample['data_samples'].clip_id).name.split(',')[0] for sample in build(split=split, **options)}
        for split in ('train', 'test')
    }
    assert [clip.name.split('/')[-1] for clip in recorded_clips([folder], None)] == [f'motion{i}' for i in range(5)]
    assert clips == {'train': {'motion0', 'motion2'}, 'test': {'motion1', 'motion3'}}


def test_recorded_and_procedural_motions_go_together_and_views_multiply(folder):
    files = [str(folder / f'motion{index}.npz') for index in range(2)]
    dataset = build(split=None, motion_files=files, num_clips=2, views=3, clip_s=4.0)
    clips = {sample['data_samples'].clip_id: sample for sample in dataset}
    assert len(clips) == 2 + 2 * 3
    recorded = [sample for name, sample in clips.items() if 'view' in name]
    lengths = {round(float(label(sample)[0, 7].norm()), 4) for sample in recorded}
    assert len(lengths) < len(recorded)  # the same poses
    assert len({float(sample['inputs'][0, 7, 0]) for sample in recorded}) == 6  # from other sides


def test_a_clip_shorter_than_a_window_is_an_error_or_padded_or_dropped(folder):
    options = dict(split=None, num_clips=0, motion_files=[str(folder / 'motion4.npz')], **CLEAN)
    with pytest.raises(DataError, match=r"motion4 lasts 0\.47 s, a window 0\.80 s.*short='pad'"):
        build(**options)
    with pytest.raises(DataError, match='no clip lasts'):
        build(short='drop', **options)
    (sample,) = build(short='pad', **options)
    weights = label(sample, 'keypoint_weights')
    assert (weights[:15] == 1).all() and (weights[15:] == 0).all()
    assert not sample['inputs'][15:].any() and not label(sample)[15:].any()
    assert (sample['inputs'][:15, :, 2] == 1).all()


def test_a_procedural_clip_shorter_than_a_window_is_an_error():
    with pytest.raises(ConfigError, match='clip_s'):
        build(clip_s=0.5)


def test_motion_files_that_are_missing_or_cannot_be_split_are_errors(folder, tmp_path):
    with pytest.raises(DataError, match=r'no motions at .*nowhere(.|\n)*procedural'):
        build(motion_files=[str(tmp_path / 'nowhere')])
    with pytest.raises(DataError, match='cannot be split'):
        build(motion_files=[str(folder / 'motion0.npz')])
    empty = tmp_path / 'empty'
    empty.mkdir()
    (empty / 'NOTE.txt').write_text('no motion')
    with pytest.raises(DataError, match='no motion files found'):
        build(motion_files=[str(empty)])


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (lambda joints: np.where(np.arange(len(joints))[:, None, None] == 3, np.nan, joints), 'R_Hip in frame 3'),
        (lambda joints: joints[:, :13], r'expected positions \(frames, 14, 3\).*\(120, 13, 3\)'),
        (lambda joints: joints[:, ::-1], 'another order.*Expected R_Hip, R_Knee'),
        (lambda joints: 1000 * joints, 'millimetres'),
    ],
)
def test_bad_joints_in_a_file_are_errors_or_left_out_with_a_warning(folder, damage, message):
    joints = damage(walk().positions_m)
    np.savez(folder / 'motion2.npz', positions_m=joints, frame_rate_hz=np.float64(30))
    options = dict(split=None, num_clips=0, motion_files=[str(folder)], short='drop')
    with pytest.raises(DataError, match=message) as error:
        build(**options)
    assert 'motion2' in str(error.value)
    assert len(build(on_error='drop', **options).recorded) == 3


def test_a_file_of_something_else_is_an_error(tmp_path):
    (tmp_path / 'a.npz').write_bytes(b'PK not a zip')
    with pytest.raises(DataError, match='a.npz'):
        recorded_clips([tmp_path], None)
    np.savez(tmp_path / 'a.npz', something=np.zeros(3))
    with pytest.raises(DataError, match='a.npz'):
        recorded_clips([tmp_path], None)


def test_a_characters_file_beside_motions_is_passed_over(folder):
    (folder / 'humanoid.txt').write_text(json.dumps({'Skeleton': {'Joints': []}}))
    assert len(recorded_clips([folder], None)) == 5


def test_recorded_motions_may_be_smoothed(tmp_path):
    motion = walk()
    trembling = motion.positions_m + 0.01 * np.random.default_rng(0).standard_normal(motion.positions_m.shape)
    write_npz(MotionSequence(trembling, 30.0, 'trembling'), tmp_path / 'a.npz')
    times = np.arange(0.5, 3.0, 0.1)
    errors = [
        np.abs(recorded_clips([tmp_path], None, smooth_hz=cutoff)[0].joints_m(times) - motion.joints_m(times)).mean()
        for cutoff in (None, 5.0)
    ]
    assert errors[1] < 0.8 * errors[0]


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(split='val'), 'split'),
        (dict(num_clips=0), 'num_clips'),
        (dict(motions=['fly']), 'fly.*known are stand'),
        (dict(num_frames=1), 'num_frames'),
        (dict(rate_scale=0.0), 'rate_scale'),
        (dict(rate_scale=0.01), 'leave 1'),
        (dict(frame_rate_hz=float('nan')), 'frame_rate_hz'),
        (dict(keep='all'), 'keep'),
        (dict(irregular=1.0), 'irregularity'),
        (dict(short='shrug'), 'short'),
        (dict(noise_px=-1.0), 'noise_px'),
        (dict(joint_dropout=1.5), 'joint_dropout'),
        (dict(dropout_s=-1.0), 'dropout_s'),
        (dict(stride=0), 'stride'),
        (dict(camera=dict(zoom=2)), 'zoom'),
        (dict(motion_files='a.npz'), 'list of paths'),
        (dict(motion_files=['.'], on_error='shrug'), 'on_error'),
        (dict(motion_files=['.'], test_every=1), 'test_every'),
    ],
)
def test_impossible_arguments_are_errors(kwargs, message):
    with pytest.raises(ConfigError, match=message):
        build(**kwargs)


@pytest.mark.parametrize(
    ('name', 'change', 'message'),
    [
        ('keypoints', lambda a: a[:, :13], r'2D joints \(4, 14, 2\).*\(4, 13, 2\)'),
        ('keypoints_3d', lambda a: a[:3], '3D joints'),
        ('confidence', lambda a: a - 2, 'confidence is negative'),
        ('weights', lambda a: a * np.nan, 'weight is negative or no number'),
        ('keypoints', lambda a: np.full_like(a, np.nan), 'the 2D joint 1 in frame 0'),
        ('keypoints_3d', lambda a: np.full_like(a, np.inf), 'the 3D joint 0 in frame 0'),
    ],
)
def test_arrays_are_checked(name, change, message):
    arrays = dict(
        keypoints=np.zeros((4, 14, 2)),
        keypoints_3d=np.zeros((4, 14, 3)),
        confidence=np.ones((4, 14)),
        weights=np.ones((4, 14)),
    )
    arrays['confidence'][:, 0] = 0
    arrays['keypoints'][:, 0] = np.nan  # missing, so it does not matter
    check_lifting_arrays(**arrays, num_joints=14, where='clip')
    arrays[name] = change(arrays[name])
    with pytest.raises(DataError, match=f'clip.*{message}'):
        check_lifting_arrays(**arrays, num_joints=14, where='clip')


def test_the_dataset_is_registered_and_knows_the_skeleton():
    dataset = DATASETS.build(dict(type='MotionLiftingDataset', num_clips=1, num_frames=9))
    assert dataset.metainfo['num_keypoints'] == len(JOINT_NAMES)
    assert tuple(dataset.metainfo['keypoint_id2name'].values()) == JOINT_NAMES


# AMASS


def amass_file(path, **changes):
    motion = walk()
    joints = np.zeros((len(motion), 52, 3))
    for index, name in enumerate(JOINT_NAMES):
        joints[:, SMPL_JOINTS.index(name)] = motion.positions_m[:, index]
    arrays = {**dict(joints=joints, mocap_framerate=np.float64(30), poses=np.zeros((len(joints), 156))), **changes}
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return motion


def test_joints_of_smpl_are_put_in_our_order(tmp_path):
    motion = amass_file(tmp_path / 'a.npz')
    np.testing.assert_array_equal(read_amass(tmp_path / 'a.npz').positions_m, motion.positions_m)
    (clip,) = recorded_clips([tmp_path], None)
    assert clip.action == 'a' and clip.duration_s == motion.duration_s


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(joints=None), r'smplx(.|\n)*`joints`'),
        (dict(mocap_framerate=None), 'mocap_framerate'),
        (dict(mocap_framerate=np.zeros(3)), 'mocap_framerate'),
        (dict(joints=np.zeros((9, 17, 3))), r'\(9, 17, 3\)'),
    ],
)
def test_what_an_amass_file_lacks_is_said(tmp_path, changes, message):
    amass_file(tmp_path / 'a.npz', **changes)
    with pytest.raises(DataError, match=message):
        read_amass(tmp_path / 'a.npz')


# the data at hand


@pytest.mark.parametrize(
    ('source', 'people'), [('deepmimic', None), ('mars/mars_subjects123.npz', 3), ('cmu_mocap/subjects/01', None)]
)
def test_real_recordings_can_be_lifted(source, people):
    path = SHARED / source
    if not path.exists():
        pytest.skip(f'needs {path}')
    splits = ['train', 'test'] if people or source == 'deepmimic' else [None]
    names = []
    for split in splits:
        dataset = build(split=split, num_clips=0, motion_files=[str(path)], short='drop', **CLEAN)
        names.append({clip.name for clip in dataset.recorded})
        for index in np.linspace(0, len(dataset) - 1, 5).astype(int):
            sample = dataset[index]
            assert sample['inputs'][..., :2].abs().max() <= 1
            assert 0.2 < float(label(sample)[:, 7].norm(dim=-1).mean()) < 1.2
    assert all(names)
    if len(names) == 2:
        assert not names[0] & names[1]
