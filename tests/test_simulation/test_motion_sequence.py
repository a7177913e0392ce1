import dataclasses

import numpy as np
import pytest

from mmradar.errors import DataError
from mmradar.simulation import JOINT_NAMES, Performance, Style, Subject
from mmradar.simulation.motion_sequence import MotionSequence, guess_metres_per_unit
from mmradar.simulation.skeleton import JOINTS

RATE_HZ = 30.0
HIPS = [JOINTS['R_Hip'], JOINTS['L_Hip']]
ANKLES = [JOINTS['R_Ankle'], JOINTS['L_Ankle']]


@pytest.fixture(scope='module')
def performance():
    style = Style(rate_hz=0.8, extent=1.0, phase=0.1, side='right', carriage=0.5)
    return Performance(Subject(1.8), 'march', style, (0.3, 2.2), 2.5, (0.0, 0.1, 0.2, 0.3, 0.4, 0.5))


@pytest.fixture(scope='module')
def positions(performance):
    return performance.joints_m(np.arange(91) / RATE_HZ)


@pytest.fixture(scope='module')
def motion(positions):
    return MotionSequence(positions, RATE_HZ, 'march')


def angle_between(one, other):
    return abs((one - other + np.pi) % (2 * np.pi) - np.pi)


def test_the_spline_passes_through_the_samples_and_near_the_truth_between(motion, performance, positions):
    np.testing.assert_allclose(motion.joints_m(np.arange(91) / RATE_HZ), positions, atol=1e-12)
    # Punches: both feet stay, so that the truth has no kinks where the lower foot changes.
    punch = dataclasses.replace(performance, motion='punch')
    between = np.arange(10, 80) / RATE_HZ + 0.013
    truth = punch.joints_m(between)
    assert np.abs(truth - punch.joints_m(between - 0.013)).max() > 0.02  # what holding the sample would miss
    found = MotionSequence(punch.joints_m(np.arange(91) / RATE_HZ), RATE_HZ).joints_m(between)
    np.testing.assert_allclose(found, truth, rtol=0, atol=5e-4)


def test_velocity_and_acceleration_do_not_jump_at_a_sample(motion):
    knot, step = 40 / RATE_HZ, 1e-4

    def differences(times):
        velocity = np.diff(motion.joints_m(times), axis=0) / step
        return velocity, np.diff(velocity, axis=0) / step

    times = knot + step * np.arange(-3, 4)
    velocity, acceleration = differences(times)
    assert np.abs(velocity).max() > 0.2  # it moves, so that there is something to jump
    assert np.abs(np.diff(velocity, axis=0)).max() < 0.05 * np.abs(velocity).max()
    assert np.abs(acceleration[-1] - acceleration[0]).max() < 0.1 * np.abs(acceleration).max()


def test_phase_changes_smoothly_within_a_radar_frame(motion):
    chirps = motion.joints_m(1.0 + 75e-6 * np.arange(256))
    phase = 4 * np.pi / 3.9e-3 * np.linalg.norm(chirps, axis=-1)
    assert np.abs(np.diff(phase, axis=0)).max() < np.pi  # unambiguous
    assert np.abs(np.diff(phase, n=2, axis=0)).max() < 1e-3


def test_times_outside(motion):
    assert motion.duration_s == pytest.approx(3.0)
    for wrong in (-0.01, 3.01, np.nan):
        with pytest.raises(ValueError, match='outside the motion'):
            motion.joints_m(np.array([1.0, wrong]))
    held = motion.joints_m(np.array([-5.0, 9.0]), outside='clamp')
    np.testing.assert_allclose(held, motion.positions_m[[0, -1]], atol=1e-12)
    with pytest.raises(ValueError, match='outside must be'):
        motion.joints_m(np.array([1.0]), outside='loop')


def test_it_is_its_own_and_cannot_be_written(positions):
    given = positions.copy()
    motion = MotionSequence(given, RATE_HZ)
    given += 1
    np.testing.assert_array_equal(motion.positions_m, positions)
    with pytest.raises(ValueError, match='read-only'):
        motion.positions_m[0] = 0


def test_heading_and_stature_are_the_subjects(motion):
    # The performance turns by 0.05 rad and sways.
    assert angle_between(motion.heading_rad, 2.5).max() < 0.06
    assert motion.stature_m == pytest.approx(1.8, abs=0.02)


@pytest.mark.parametrize('heading', [0.0, 1.0, np.pi, -2.0])
def test_placed_is_a_rigid_motion_to_that_place(motion, heading):
    placed = motion.placed((-0.4, 3.1), heading)
    np.testing.assert_allclose(placed.positions_m[0, HIPS, :2].mean(axis=0), (-0.4, 3.1), atol=1e-9)
    assert angle_between(placed.heading_rad[0], heading) < 1e-9
    assert placed.positions_m[:, ANKLES, 2].min() == pytest.approx(0.07)
    # Rigid: all distances, of joints and over time, stay; and up stays up.
    before, after = (m.positions_m[::9].reshape(-1, 3) for m in (motion, placed))
    distances = [np.linalg.norm(p[:, None] - p[None], axis=-1) for p in (before, after)]
    np.testing.assert_allclose(*distances, atol=1e-9)
    np.testing.assert_allclose(np.ptp(after[:, 2] - before[:, 2]), 0, atol=1e-9)
    # The left hip is on the left of where it faces.
    left = np.array([-np.cos(heading), -np.sin(heading)])
    assert (placed.positions_m[0, JOINTS['L_Hip'], :2] - placed.positions_m[0, JOINTS['R_Hip'], :2]) @ left > 0.15


def test_placed_can_keep_the_height(motion):
    kept = motion.placed(foot_height_m=None)
    np.testing.assert_allclose(kept.positions_m[..., 2], motion.positions_m[..., 2], atol=1e-12)


def test_who_lies_on_the_side_faces_nowhere(positions):
    right = positions[0, JOINTS['R_Hip']] - positions[0, JOINTS['L_Hip']]
    heading = np.arctan2(right[1], right[0])
    turn = np.array([[np.cos(heading), np.sin(heading), 0], [-np.sin(heading), np.cos(heading), 0], [0, 0, 1]])
    upright = positions[[0, 0]] @ turn.T  # its right side along +x
    lying = np.stack([-upright[..., 2], upright[..., 1], upright[..., 0]], axis=-1)  # along +z
    with pytest.raises(DataError, match='faces in its first frame'):
        MotionSequence(lying, RATE_HZ).placed()


def test_resampled_and_clipped_are_the_same_motion(motion):
    fast = motion.resampled(100.0)
    assert fast.frame_rate_hz == 100 and fast.duration_s == pytest.approx(3.0)
    np.testing.assert_allclose(fast.positions_m[50], motion.joints_m(np.array([0.5]))[0], atol=1e-12)
    part = motion.clip(0.5, 1.25)
    assert part.frame_rate_hz == RATE_HZ and len(part) == 23  # 22.5 frames' time, whole ones only
    np.testing.assert_allclose(part.positions_m, motion.positions_m[15:38], atol=1e-12)
    assert len(motion.clip()) == len(motion)


@pytest.mark.parametrize(
    'wrong',
    [
        lambda m: m.resampled(0.0),
        lambda m: m.resampled(np.inf),
        lambda m: m.resampled(0.2),
        lambda m: m.clip(2.0, 1.0),
        lambda m: m.clip(2.0, 3.5),
        lambda m: m.clip(-1.0, 1.0),
        lambda m: m.smoothed(15.0),
        lambda m: m.smoothed(0.0),
    ],
)
def test_impossible_requests(motion, wrong):
    with pytest.raises(ValueError, match='expected|leave|less than a frame|outside'):
        wrong(motion)


def test_smoothing_takes_the_noise_and_leaves_the_motion_in_time(motion, positions):
    noise = np.random.default_rng(0).normal(scale=0.02, size=positions.shape)
    noisy = MotionSequence(positions + noise, RATE_HZ, bone_tolerance=np.inf)

    def error(sequence):
        return np.sqrt(((sequence.positions_m - positions) ** 2).mean())

    assert error(noisy.smoothed(4.0)) < 0.65 * error(noisy)
    # Without noise, hardly anything changes: no delay (a frame of it would be 5 cm at the ankles), no ends torn off.
    assert np.abs(motion.smoothed(8.0).positions_m - positions).max() < 0.02


def test_the_cutoff_halves_the_amplitude(positions):
    time = np.arange(600) / RATE_HZ
    still = np.repeat(positions[:1], 600, axis=0)
    still[..., 1] += 0.1 * np.sin(2 * np.pi * 2.0 * time)[:, None]  # the whole body, so that bones stay
    smooth = MotionSequence(still, RATE_HZ).smoothed(2.0).positions_m[200:400, 0, 1]
    assert np.ptp(smooth) / 2 == pytest.approx(0.05, rel=0.03)


@pytest.mark.no_shape_checks
def test_shape_rate_and_numbers(positions):
    for wrong, message in [
        (positions[:, :13], r'clip.bvh: expected positions \(frames, 14, 3\) in m, found float64 \(91, 13, 3\)'),
        (positions[..., :2], r'found float64 \(91, 14, 2\)'),
        (positions.astype(object), 'found object'),
        (positions[:1], 'at least 2 frames, found 1'),
    ]:
        with pytest.raises(DataError, match=message):
            MotionSequence(wrong, RATE_HZ, source='clip.bvh')
    for rate in (0, -30, np.nan, np.inf, 1e5):
        with pytest.raises(DataError, match='frame rate of 1 to 10,000'):
            MotionSequence(positions, rate)
    broken = positions.copy()
    broken[7, JOINTS['L_Elbow'], 1] = np.nan
    broken[9:11] = np.inf
    with pytest.raises(DataError, match=r'L_Elbow in frame 7 is .*which 29 of 1274'):
        MotionSequence(broken, RATE_HZ)


@pytest.mark.parametrize(
    'per_metre, message',
    [
        (1000, 'in millimetres, multiply them by 0.001'),
        (100, 'in centimetres, multiply them by 0.01'),
        (1 / 0.0254, 'in inches, multiply them by 0.0254'),
        (1 / 0.3048, 'in feet, multiply them by 0.3048'),
        (1e-3, 'no usual unit'),
        (0, 'no usual unit'),
    ],
)
def test_another_unit_is_named(positions, per_metre, message):
    with pytest.raises(DataError, match=rf'm tall, expected 0.8 to 2.5 m; .*{message}'):
        MotionSequence(positions * per_metre, RATE_HZ)


@pytest.mark.parametrize('height_m', [1.35, 1.5, 1.75, 2.0])
@pytest.mark.parametrize('unit_m', [1.0, 0.001, 0.01, 0.0254, 0.0254 / 0.45, 0.3048])
def test_the_unit_of_an_adult_is_guessed(positions, height_m, unit_m):
    assert guess_metres_per_unit(positions / 1.8 * height_m / unit_m) == unit_m


def test_a_child_is_a_person(positions):
    assert MotionSequence(positions / 1.8 * 0.95, RATE_HZ).stature_m == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize('joint, bone', [('L_Wrist', 'left forearm'), ('R_Ankle', 'right shank')])
def test_a_bone_that_stretches(positions, joint, bone):
    torn = positions.copy()
    torn[33, JOINTS[joint], 2] -= 0.5
    with pytest.raises(DataError, match=rf'the {bone} is [0-9.]+ m long in frame 33 .* no more than 25%'):
        MotionSequence(torn, RATE_HZ)
    assert len(MotionSequence(torn, RATE_HZ, bone_tolerance=np.inf)) == 91
    # The tolerance is what decides.
    stretched = positions.copy()
    elbow, wrist = JOINTS['L_Elbow'], JOINTS['L_Wrist']
    stretched[5, wrist] = positions[5, elbow] + 1.3 * (positions[5, wrist] - positions[5, elbow])
    assert len(MotionSequence(stretched, RATE_HZ, bone_tolerance=0.31)) == 91
    with pytest.raises(DataError, match='left forearm'):
        MotionSequence(stretched, RATE_HZ, bone_tolerance=0.29)


def test_sides_of_grossly_different_length(positions):
    uneven = positions.copy()
    hip, knee, ankle = (JOINTS[f'R_{name}'] for name in ('Hip', 'Knee', 'Ankle'))
    shift = -0.45 * (positions[:, knee] - positions[:, hip])
    uneven[:, [knee, ankle]] += shift[:, None]
    with pytest.raises(DataError, match='the right thigh is .* the left one'):
        MotionSequence(uneven, RATE_HZ)


def test_two_frames_are_enough(positions):
    motion = MotionSequence(positions[:2], RATE_HZ)
    middle = motion.joints_m(np.array([0.5 / RATE_HZ]))[0]
    np.testing.assert_allclose(middle, positions[:2].mean(axis=0), atol=1e-9)
    assert len(JOINT_NAMES) == middle.shape[0]
    assert len(motion.smoothed(5.0)) == len(motion.placed()) == 2


@pytest.mark.parametrize('place', [3.0, 1e300])
def test_a_head_that_flies_off(positions, place):
    headless = positions.copy()
    headless[4, JOINTS['Head'], 2] += place
    with pytest.raises(DataError, match='Head is .* m away from the neck in frame 4; expected no more than 1.25'):
        MotionSequence(headless, RATE_HZ)
