import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.dataset import pseudo_collate
from mmpose.structures import PoseDataSample
from torch import nn
from torch.utils.data import DataLoader

from hummuss.datasets import MotionLiftingDataset
from hummuss.datasets.amass import SMPL_JOINTS, read_amass
from hummuss.datasets.frame_times import FrameTimes
from hummuss.datasets.lifting_arrays import (
    check_lifting_arrays,
    correlated_in_time,
    mirrored,
    missing_joints,
    normalise_to_screen,
)
from hummuss.datasets.motion_lifting_dataset import root_relative
from hummuss.datasets.motion_sources import recorded_clips
from hummuss.datasets.virtual_camera import VirtualCamera
from hummuss.models import HumMUSSLifter
from mmradar.errors import ConfigError, DataError
from mmradar.registry import DATASETS
from mmradar.simulation import JOINT_NAMES, MotionSequence, Performance, Subject
from mmradar.simulation.camera import Camera
from mmradar.simulation.motion_files import write_npz
from mmradar.simulation.plan import PLANS

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


def test_noise_may_differ_by_joint():
    of_joint = np.linspace(0, 13, 14)
    noisy, clean = (build(noise_px=noise, num_clips=20, clip_s=1.0) for noise in (of_joint, 0.0))
    pixels = torch.cat([(a['inputs'] - b['inputs'])[..., :2] for a, b in zip(noisy, clean)]) * 500
    np.testing.assert_allclose(pixels.std(dim=(0, 2)), of_joint, rtol=0.08, atol=1e-4)


def test_correlated_noise_is_a_process_in_time():
    noise = np.random.default_rng(0).standard_normal((3, 2))
    found = correlated_in_time(noise, np.array([0.0, 0.5, 0.5 + 0.5 * np.log(2)]), 0.5)
    kept = np.exp(-1)
    expected = [noise[0], kept * noise[0] + np.sqrt(1 - kept**2) * noise[1]]
    expected.append(0.5 * expected[1] + np.sqrt(0.75) * noise[2])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert correlated_in_time(noise, np.arange(3.0), 0.0) is noise
    for rate_hz in (10.0, 40.0):
        long = np.random.default_rng(1).standard_normal((4000, 14, 2))
        long = correlated_in_time(long, np.arange(4000) / rate_hz, 0.3)
        assert long.std() == pytest.approx(1.0, rel=0.03)
        lag = round(0.3 * rate_hz)
        assert (long[lag:] * long[:-lag]).mean() == pytest.approx(np.exp(-1), abs=0.03)


def test_correlated_noise_reaches_the_samples():
    noisy, clean = (build(noise_correlation_s=1.0, noise_px=noise, num_clips=40, clip_s=1.0) for noise in (8.0, 0.0))
    pixels = torch.stack([(a['inputs'] - b['inputs'])[..., :2] for a, b in zip(noisy, clean)]) * 500
    assert float(pixels.std()) == pytest.approx(8.0, rel=0.05)
    lag = (pixels[:, 15:] * pixels[:, :-15]).mean() / pixels.square().mean()
    assert float(lag) == pytest.approx(np.exp(-0.5), abs=0.06)


def test_options_that_are_off_leave_every_draw_as_it_was():
    # as drawn before there were any: trainings of then can be made again
    sample = build(joint_dropout=0.2, dropout_s=0.2)[7]
    assert float(sample['inputs'][..., 2].sum()) == 283
    np.testing.assert_allclose(sample['inputs'][24, 4], [0.02666306, 0.32198200, 1.0], atol=1e-7)
    np.testing.assert_allclose(label(sample)[12, 7], [-0.00133932, -0.79363436, -0.06418984], atol=1e-7)


def test_normalised_coordinates_are_those_of_motionbert():
    codec_like = normalise_to_screen(np.array([[0.0, 0.0], [1000.0, 500.0], [500.0, 250.0]]), (1000, 500))
    np.testing.assert_allclose(codec_like, [[-1, -0.5], [1, 0.5], [0, 0]])


# mirror images

SWAP = [3, 4, 5, 0, 1, 2, 6, 7, 11, 12, 13, 8, 9, 10]


def test_a_mirror_turns_x_and_exchanges_left_and_right():
    keypoints = np.array([[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]])
    keypoints_3d = np.array([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]])
    arrays = keypoints, keypoints_3d, np.array([[0.5, 1.0, 0.0]]), np.array([[1.0, 0.0, 2.0]])
    turned = mirrored(*arrays, [1, 0, 2])
    np.testing.assert_array_equal(turned[0], [[[-0.3, 0.4], [-0.1, 0.2], [-0.5, 0.6]]])
    np.testing.assert_array_equal(turned[1], [[[-4.0, 5.0, 6.0], [-1.0, 2.0, 3.0], [-7.0, 8.0, 9.0]]])
    np.testing.assert_array_equal(turned[2], [[1.0, 0.5, 0.0]])
    np.testing.assert_array_equal(turned[3], [[0.0, 1.0, 2.0]])
    for array, twice in zip(arrays, mirrored(*turned, [1, 0, 2])):
        np.testing.assert_array_equal(twice, array)


def test_mirrored_samples_are_the_same_samples_in_a_mirror():
    options = dict(joint_dropout=0.3, irregular=True, fresh=True)
    for plain, flipped in zip(build(**options), build(flip_prob=1.0, **options)):
        assert flipped['data_samples'].flip and not plain['data_samples'].flip
        assert flipped['data_samples'].flip_indices == SWAP
        turn = torch.tensor([-1.0, 1.0, 1.0])
        assert torch.equal(flipped['inputs'], plain['inputs'][:, SWAP] * turn)
        assert torch.equal(label(flipped), label(plain)[:, SWAP] * turn)
        np.testing.assert_array_equal(flipped['data_samples'].delta_scale, plain['data_samples'].delta_scale)
    shares = [sample['data_samples'].flip for sample in build(flip_prob=0.25, num_clips=40, clip_s=2.0)]
    assert 0.1 < np.mean(shares) < 0.4


class Still(nn.Module):
    """Stands for backbone and head: returns the inputs, changed by what it is given."""

    def __init__(self, change=lambda x: x):
        super().__init__()
        self.change = change

    def forward(self, inputs):
        return self.change(inputs)


def flip_tested(change, inputs, swap=SWAP, **test_cfg):
    lifter = HumMUSSLifter(dict(num_joints=14, embed_dims=8, depth=1), test_cfg=dict(flip_test=True) | test_cfg)
    lifter.backbone, lifter.head = Still(), Still(change)
    samples = [PoseDataSample(metainfo={} if swap is None else dict(flip_indices=swap)) for _ in inputs]
    return [sample.pred_instances.keypoints_3d for sample in lifter(inputs, samples, mode='predict')]


def test_a_flip_test_changes_nothing_where_the_model_knows_of_mirrors():
    inputs = [torch.randn(4, 14, 3), torch.randn(6, 14, 3)]
    for found, clip in zip(flip_tested(lambda x: 2 * x, inputs), inputs):
        assert torch.equal(found, 2 * clip)


def test_a_flip_test_takes_the_mean_where_it_does_not():
    inputs = torch.randn(2, 4, 14, 3)
    hip_down = torch.zeros(14, 3)
    hip_down[0, 1] = 1.0
    found = torch.stack(flip_tested(lambda x: x + hip_down, inputs)) - inputs
    np.testing.assert_allclose(found[0, 0, [0, 1, 3], 1], [0.5, 0.0, 0.5], atol=1e-6)
    found = torch.stack(flip_tested(lambda x: x + torch.tensor([1.0, 0.0, 0.0]), inputs)) - inputs
    assert found.abs().max() < 1e-6
    found = torch.stack(flip_tested(lambda x: x + hip_down, inputs, flip_test=False)) - inputs
    np.testing.assert_allclose(found[0, 0, [0, 3], 1], [1.0, 0.0], atol=1e-6)


@pytest.mark.parametrize('swap', [None, SWAP[:13], [0] * 14])
def test_a_flip_test_without_pairs_of_joints_is_an_error(swap):
    with pytest.raises(DataError, match='needs flip_indices'):
        flip_tested(lambda x: x, torch.randn(1, 4, 14, 3), swap=swap)


def test_an_unknown_test_option_of_the_lifter_is_an_error():
    with pytest.raises(ConfigError, match=r"no 'flip'.*flip_test"):
        HumMUSSLifter(dict(num_joints=14, embed_dims=8, depth=1), test_cfg=dict(flip=True))


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


def test_window_lengths_are_mixed_and_do_not_depend_on_workers():
    dataset = build(mixed_frames=(5, 9, 41), fresh=True, num_clips=6, irregular=True)
    alone = [dataset[index] for index in reversed(range(len(dataset)))][::-1]
    loader = DataLoader(dataset, batch_size=8, num_workers=2, collate_fn=pseudo_collate)
    batches = [batch['inputs'] for batch in loader]
    loaded = [inputs for batch in batches for inputs in batch]
    assert len(dataset) == len(build(num_clips=6))
    assert all({len(inputs) for inputs in batch} == {5, 9, 41} for batch in batches[:2])
    for one, other in zip(alone, loaded, strict=True):
        assert torch.equal(one['inputs'], other)
        assert label(one).shape[0] == len(other) == len(one['data_samples'].delta_scale)
    dataset.set_epoch(1)
    assert [len(sample['inputs']) for sample in dataset] != [len(sample['inputs']) for sample in alone]


def test_mixed_lengths_are_those_that_fit_into_the_clip():
    options = dict(mixed_frames=(25, 999), fresh=True)
    assert {len(sample['inputs']) for sample in build(**options)} == {25}
    plain = build(fresh=True)
    for one, other in zip(build(mixed_frames=(25,), fresh=True), plain, strict=True):
        assert torch.equal(one['inputs'], other['inputs'])  # the other random numbers are the same
    assert {len(sample['inputs']) for sample in build(mixed_frames=(999,), fresh=True)} == {25}


def test_mixed_lengths_are_for_training():
    with pytest.raises(ConfigError, match='mixed_frames needs fresh=True'):
        build(mixed_frames=(9, 25))
    with pytest.raises(ConfigError, match='num_frames must be at least 2'):
        build(mixed_frames=(1, 25), fresh=True)


def test_splits_and_seeds_have_other_people():
    def thighs(**kwargs):
        joints = [label(sample)[0] for sample in build(num_clips=6, motions=['walk'], **kwargs)]
        return {round(float((pose[0] - pose[1]).norm()), 5) for pose in joints}

    sets = [thighs(split='train'), thighs(split='test'), thighs(split='train', seed=1)]
    assert all(len(people) == 6 for people in sets)
    assert len(set.union(*sets)) == 18


@pytest.mark.parametrize('varied', [False, True])
def test_a_routine_has_several_motions_one_after_another(varied):
    data = build(num_clips=6, clip_s=12.0, num_frames=120, frame_rate_hz=10.0, routines=True, varied=varied, **CLEAN)
    clips = [data._clip(number, 0) for number in range(6)]
    assert all(len(set(clip.motion.motion.split())) > 1 and clip.action == 'routine' for clip in clips)
    heights_m = [clip.motion.subject.height_m for clip in clips]
    assert len(set(heights_m)) == 6
    again = build(num_clips=6, clip_s=12.0, num_frames=120, frame_rate_hz=10.0, routines=True, varied=varied, **CLEAN)
    for sample, other in zip(data, again):
        assert sample['inputs'].shape == (120, 14, 3) and torch.equal(sample['inputs'], other['inputs'])
        assert sample['data_samples'].action == 'routine'


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


def test_the_default_camera_in_front_is_the_simulators():
    dataset = build(camera=dict(type='in_front'), **CLEAN)
    joints = dataset._clip(0, 0).joints_m(np.arange(25) / 30)
    sample = dataset[0]
    expected = normalise_to_screen(Camera().project(joints), Camera().image_size)
    np.testing.assert_allclose(sample['inputs'][..., :2], expected, atol=1e-6)
    x, y, z = np.moveaxis(joints, -1, 0)
    np.testing.assert_allclose(label(sample), root_relative(np.stack([x, -z, y], -1)), atol=1e-6)
    assert sample['data_samples'].image_size == (256, 256)


def standing(facing_rad, place=(5.0, -2.0), floor=0.4):
    """Somebody who stands still somewhere, as two frames."""
    joints = np.zeros((2, 14, 3))
    for name, across, up in (('Hip', 0.1, 0.9), ('Knee', 0.1, 0.5), ('Ankle', 0.1, 0.07), ('Shoulder', 0.2, 1.4)):
        for side, sign in (('R', 1), ('L', -1)):
            joints[:, JOINT_NAMES.index(f'{side}_{name}')] = (sign * across, 0.0, up)
    for name, up in (
        ('Neck', 1.4),
        ('Head', 1.6),
        ('R_Wrist', 0.9),
        ('L_Wrist', 0.9),
        ('R_Elbow', 1.1),
        ('L_Elbow', 1.1),
    ):
        joints[:, JOINT_NAMES.index(name), 2] = up
    turn = np.array([[np.cos(facing_rad), -np.sin(facing_rad)], [np.sin(facing_rad), np.cos(facing_rad)]])
    joints[..., :2] = joints[..., :2] @ turn.T + place
    return joints + [0.0, 0.0, floor]


def camera_before(facing_rad, **kwargs):
    options = dict(distance_m=(3.0, 3.0), aside_m=(0.5, 0.5), turned_rad=(0.0, 0.0)) | kwargs
    return VirtualCamera.in_front(standing(facing_rad), np.random.default_rng(0), **options)


@pytest.mark.parametrize('facing_rad', [0.0, 1.0, -2.5])
def test_somebody_stands_where_the_ranges_say_whichever_way_they_were_recorded(facing_rad):
    joints = standing(facing_rad)
    camera = camera_before(facing_rad)
    seen = camera.to_camera(joints)[0]
    # facing the camera: the right hip on its left; hips 0.1 m below a camera at 1 m above the floor
    np.testing.assert_allclose(seen[0], [0.4, 0.1, 3.0], atol=1e-9)
    np.testing.assert_allclose(seen[3], [0.6, 0.1, 3.0], atol=1e-9)
    # a quarter turn to their left: their right side is nearer the camera
    seen = camera_before(facing_rad, turned_rad=(np.pi / 2, np.pi / 2)).to_camera(joints)[0]
    np.testing.assert_allclose(seen[[0, 3]], [[0.5, 0.1, 2.9], [0.5, 0.1, 3.1]], atol=1e-9)


def test_height_pitch_and_focal_length_are_as_asked_for():
    camera = camera_before(0.0, aside_m=(0.0, 0.0), height_m=(1.5, 1.5), pitch_rad=(0.1, 0.1), focal_px=(100.0, 100.0))
    axis = camera.position_m + 2 * camera.rotation[2]
    np.testing.assert_allclose(axis[2], 0.4 + 1.5 - 2 * np.sin(0.1))
    level = camera.position_m - [0.0, 4.0, 0.0]  # somebody who faces +y is seen from there
    np.testing.assert_allclose(camera.project(camera.to_camera(level)), [128, 128 - 100 * np.tan(0.1)])


def test_who_is_not_seen_whole_is_looked_at_from_further_back():
    near = camera_before(0.0, distance_m=(1.0, 1.0))
    joints = standing(0.0)
    assert near.sees(joints, 3.0)
    distance = near.to_camera(joints)[0, 6, 2]
    # ankles, 0.93 m below a camera of 190 px, reach the margin of 3 px: 0.93 * 190 / 125 = 1.41 m, in steps of 5 cm
    assert distance == pytest.approx(1.45)
    with pytest.raises(ConfigError, match='from 30.0 m away'):
        camera_before(0.0, pitch_rad=(1.2, 1.2))


@pytest.mark.parametrize(
    ('ranges', 'message'),
    [
        (dict(focal_px=(0.0, 190.0)), 'focal_px'),
        (dict(height_m=(2.0, 1.0)), 'height_m'),
        (dict(distance_m=(-1.0, 2.0)), 'distance_m'),
        (dict(turned_rad=(0.0, float('inf'))), 'turned_rad'),
        (dict(pitch_rad=(float('nan'), 1.0)), 'pitch_rad'),
    ],
)
def test_impossible_ranges_of_a_camera_are_errors(ranges, message):
    with pytest.raises(ConfigError, match=message):
        camera_before(0.0, **ranges)


def test_somebody_without_sides_faces_nowhere():
    with pytest.raises(ValueError, match='faces cannot be told'):
        VirtualCamera.in_front(np.zeros((2, 14, 3)), np.random.default_rng(0), distance_m=(2.0, 3.0))


def test_recorded_motions_are_filmed_from_the_front_wherever_they_are(folder):
    files = dict(split=None, num_clips=0, motion_files=[str(folder)], short='drop', **CLEAN)
    with pytest.raises(ConfigError, match='needs distance_m'):
        build(camera=dict(type='in_front'), **files)
    for sample in build(camera=dict(type='in_front', distance_m=(2.0, 2.8)), **files):
        assert sample['inputs'][..., :2].abs().max() <= 1


def test_people_in_front_are_those_of_simhupr_and_people_around_are_not():
    """Means and spreads of what tools/lift_radar.py feeds: 2D joints on screen, 3D joints in m."""
    plan = PLANS['simhupr-v1-mini']
    joints = np.stack([plan.performance(n).joints_m(np.arange(0, 1.6, 0.4)) for n in range(1, 97)])
    x, y, z = np.moveaxis(joints, -1, 0)
    fed = normalise_to_screen(Camera().project(joints), (256, 256)), root_relative(np.stack([x, -z, y], -1))

    def difference(**camera):
        options = dict(num_clips=96, clip_s=2.0, num_frames=5, stride=20, frame_rate_hz=2.5, motions=plan.motions)
        samples = list(build(camera=camera, **options, **CLEAN))
        made = [torch.stack([s['inputs'] for s in samples])[..., :2], torch.stack([label(s) for s in samples])]
        pairs = [(np.asarray(one), other) for one, other in zip(made, fed)]
        means = [np.abs(one.mean((0, 1)) - other.mean((0, 1))).max() for one, other in pairs]
        spreads = [np.abs(one.std((0, 1)) - other.std((0, 1))).max() for one, other in pairs]
        return max(means), max(spreads)

    assert max(difference(type='in_front')) < 0.08
    assert max(difference(type='in_front', distance_m=(2.0, 2.8))) < 0.08
    assert min(difference(type='around')) > 0.1


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
        (dict(motions=[]), 'motions is empty'),
        (dict(varied=True), 'set routines=True'),
        (dict(num_frames=1), 'num_frames'),
        (dict(rate_scale=0.0), 'rate_scale'),
        (dict(rate_scale=0.01), 'leave 1'),
        (dict(frame_rate_hz=float('nan')), 'frame_rate_hz'),
        (dict(keep='all'), 'keep'),
        (dict(irregular=1.0), 'irregularity'),
        (dict(short='shrug'), 'short'),
        (dict(noise_px=-1.0), 'noise_px'),
        (dict(noise_px=[5.0] * 13), 'noise_px'),
        (dict(noise_px=[5.0] * 13 + [float('nan')]), 'noise_px'),
        (dict(noise_correlation_s=-1.0), 'noise_correlation_s'),
        (dict(flip_prob=1.5), 'flip_prob'),
        (dict(joint_dropout=1.5), 'joint_dropout'),
        (dict(dropout_s=-1.0), 'dropout_s'),
        (dict(stride=0), 'stride'),
        (dict(camera=dict(zoom=2)), 'zoom'),
        (dict(camera=dict(type='behind')), 'around, in_front'),
        (dict(camera=dict(type='in_front', fill=(0.5, 0.9))), 'fill'),
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
        ('weights', lambda a: a * np.nan, 'weight is negative or not finite'),
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
