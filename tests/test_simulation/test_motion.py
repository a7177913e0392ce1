from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from mmradar.simulation import (
    JOINT_NAMES,
    MOTIONS,
    Camera,
    Performance,
    SimulationPlan,
    Style,
    Subject,
    forward_kinematics,
)
from mmradar.simulation.skeleton import leg_angles

INDEX = {name: i for i, name in enumerate(JOINT_NAMES)}
STANDING = dict(heading_rad=np.full(1, np.pi), ground_m=np.array([[0.0, 2.0]]))


def test_a_standing_body_has_its_height_and_faces_the_radar():
    subject = Subject(height_m=1.8)
    joints = forward_kinematics(subject, {}, **STANDING)[0]
    assert joints[INDEX['R_Ankle'], 2] == pytest.approx(0.039 * 1.8)
    assert joints[INDEX['Head'], 2] == pytest.approx(0.948 * 1.8, rel=0.01)  # the joint lies in the head, not on top
    # it looks at the radar, so its right hand is on the image's left
    assert joints[INDEX['R_Wrist'], 0] < 0 < joints[INDEX['L_Wrist'], 0]


def test_angles_move_limbs_the_way_their_names_say():
    subject = Subject()
    raised = forward_kinematics(subject, {'shoulder_abduction_right': np.pi / 2}, **STANDING)[0]
    assert raised[INDEX['R_Wrist'], 2] == pytest.approx(raised[INDEX['R_Shoulder'], 2])
    forward = forward_kinematics(subject, {'shoulder_flexion_left': np.pi / 2}, **STANDING)[0]
    assert forward[INDEX['L_Wrist'], 1] < 2.0 - 0.5  # towards the radar
    squatting = forward_kinematics(
        subject,
        {f'{joint}_{side}': 1.0 for joint in ('hip_flexion', 'knee_flexion') for side in ('right', 'left')},
        **STANDING,
    )[0]
    assert squatting[INDEX['Neck'], 2] < forward[INDEX['Neck'], 2] - 0.1
    with pytest.raises(ValueError, match="unknown joint angle 'elbow'"):
        forward_kinematics(subject, {'elbow': 1.0}, **STANDING)


def test_leg_angles_invert_forward_kinematics():
    subject, rng = Subject(1.6, limb_scale=1.04), np.random.default_rng(0)
    given = {}
    for side in ('right', 'left'):
        given[f'hip_flexion_{side}'] = rng.uniform(-0.4, 1.2, 50)
        given[f'hip_abduction_{side}'] = rng.uniform(-0.2, 0.5, 50)
        given[f'knee_flexion_{side}'] = rng.uniform(0.1, 2.0, 50)
    joints = forward_kinematics(subject, given, np.zeros(50), np.zeros((50, 2)))  # world axes are the body's
    for side, letter in (('right', 'R'), ('left', 'L')):
        ankle = joints[:, INDEX[f'{letter}_Ankle']] - joints[:, INDEX[f'{letter}_Hip']]
        for name, angle in leg_angles(subject, side, ankle).items():
            np.testing.assert_allclose(angle, given[name], atol=1e-9)
    with pytest.raises(ValueError, match='out of reach of a leg of 0.8'):
        leg_angles(subject, 'left', np.array([[0.0, 0.0, -0.9]]))


def performances(motion, count=12, **changes):
    """Random performances by random subjects."""
    for seed in range(count):
        rng = np.random.default_rng([seed, 17])
        yield replace(Performance.random(Subject.random(rng), motion, rng), **changes)


def pelvis_of(joints):
    return (joints[:, INDEX['R_Hip']] + joints[:, INDEX['L_Hip']]) / 2


def heading_of(joints):
    """Where the pelvis faces, in rad, unwrapped."""
    right = joints[:, INDEX['R_Hip']] - joints[:, INDEX['L_Hip']]
    return np.unwrap(np.arctan2(right[:, 1], right[:, 0]))


@pytest.mark.parametrize('motion', MOTIONS)
def test_motions_are_smooth_and_keep_limb_lengths(motion):
    subject = Subject()
    performance = Performance.random(subject, motion, np.random.default_rng(3))
    joints = performance.joints_m(np.arange(0, 3, 0.002))
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1) / 0.002
    # m/s; from somebody who stands still and breathes to a fist or a foot
    assert 0.002 < speed.max() < 12
    acceleration = np.abs(np.diff(joints, n=2, axis=0)).max() / 0.002**2
    assert acceleration < 150  # no jumps: one of a millimetre would be 250
    for side in 'RL':
        for first, second, segment in (
            ('Shoulder', 'Elbow', 'upper_arm'),
            ('Elbow', 'Wrist', 'forearm'),
            ('Hip', 'Knee', 'thigh'),
            ('Knee', 'Ankle', 'shank'),
        ):
            length = np.linalg.norm(joints[:, INDEX[f'{side}_{first}']] - joints[:, INDEX[f'{side}_{second}']], axis=-1)
            np.testing.assert_allclose(length, subject.length_m(segment))
    # nothing below the floor, and the lower foot on it
    assert joints[..., 2].min() > 0
    lower = joints[:, [INDEX['R_Ankle'], INDEX['L_Ankle']], 2].min(axis=1)
    np.testing.assert_allclose(lower, subject.length_m('foot_height'))


@pytest.mark.parametrize('motion', [name for name in MOTIONS if name != 'march'])
def test_velocity_is_continuous(motion):
    """A jump of the velocity looks like an acceleration that doubles when the time step is halved.

    Not so in march, where the pelvis rests on the lower foot and so stops within an instant as the other foot lands.
    """
    performance = Performance.random(Subject(), motion, np.random.default_rng(3))
    coarse, fine = (
        np.abs(np.diff(performance.joints_m(np.arange(0, 3, step)), n=2, axis=0)).max() / step**2
        for step in (0.001, 0.00025)
    )
    assert fine < 1.3 * coarse


@pytest.mark.parametrize('motion', MOTIONS)
def test_random_performances_stay_in_the_image_and_in_the_room(motion):
    camera, seconds = Camera(), np.arange(0, 8, 0.1)
    for performance in performances(motion, 40):
        joints = performance.joints_m(seconds)
        keypoints = camera.project(joints)
        assert keypoints.min() >= 0 and keypoints.max() < 256
        pelvis = pelvis_of(joints)
        assert pelvis[:, 1].min() > 1.75 and pelvis[:, 1].max() < 3.2
        assert np.abs(pelvis[:, 0]).max() < 0.65
        # hands and feet reach further than the pelvis: a kick towards the radar from 2 m, arms in circles at 2.8 m
        assert joints[..., 1].min() > 1.15 and joints[..., 1].max() < 3.45


# Motions that say where the feet are, and the legs follow.
FOOTED = ('walk', 'walk_to_and_fro', 'run_in_place', 'turn', 'front_lunge', 'sit_down')


@pytest.mark.parametrize('motion', FOOTED)
@pytest.mark.parametrize('subject', [Subject(1.52, limb_scale=0.95), Subject(1.95, limb_scale=1.05)])
def test_feet_are_within_reach_for_any_style(motion, subject):
    """Out of reach is an error (see the test of leg_angles), so it is enough that none is raised, and knees bend."""
    for extent, carriage, side in product((0.75, 1.15), (0.0, 1.0), ('right', 'left')):
        style = Style(rate_hz=0.5, extent=extent, phase=0.0, side=side, carriage=carriage)
        performance = Performance(subject, motion, style, (0.0, 2.4), np.pi, (0.0,) * 6)
        joints = performance.joints_m(np.arange(0, 8, 0.01))
        for letter in 'RL':
            hip, knee, ankle = (joints[:, INDEX[f'{letter}_{name}']] for name in ('Hip', 'Knee', 'Ankle'))
            thigh, shank = knee - hip, ankle - knee
            bend = np.arccos((thigh * shank).sum(-1) / subject.length_m('thigh') / subject.length_m('shank'))
            assert bend.min() > 0.1 and bend.max() < 2.4  # neither locked nor folded flat


def test_a_tall_subject_close_by_stands_back_to_stay_in_the_image():
    camera, seconds, moved = Camera(), np.arange(0, 10, 0.1), 0
    for seed in range(150):
        performance = Performance.random(
            Subject(1.95, limb_scale=1.05), 'raise_arms_forward', np.random.default_rng(seed)
        )
        keypoints = camera.project(performance.joints_m(seconds))
        assert keypoints.min() >= 0 and keypoints.max() < 256
        rng = np.random.default_rng(seed)
        Style.random(rng)
        drawn = (rng.uniform(-0.35, 0.35), rng.uniform(2.0, 2.8))
        assert performance.place_m[0] == drawn[0] and drawn[1] <= performance.place_m[1] < 2.8
        moved += performance.place_m[1] > drawn[1]
    assert 0 < moved < 40  # of those that were drawn inside nobody moves


WALKS = ('walk', 'walk_to_and_fro')


@pytest.mark.parametrize('motion', [*WALKS, 'turn', 'run_in_place'])
def test_stance_feet_do_not_slide(motion):
    for performance in performances(motion):
        joints = performance.joints_m(np.arange(0, 6, 0.01))
        rises = []
        for name in ('R_Ankle', 'L_Ankle'):
            foot = joints[:, INDEX[name]]
            height = foot[:, 2] - performance.subject.length_m('foot_height')
            stands = (height[:-1] < 1e-6) & (height[1:] < 1e-6)
            slid = np.linalg.norm(np.diff(foot[:, :2], axis=0), axis=-1)[stands]
            assert slid.max() < 1e-4  # m in 10 ms
            assert 0.4 < stands.mean() < 0.8
            rises.append(height.max())
        assert min(rises) > (0.1 if motion == 'run_in_place' else 0.05)


@pytest.mark.parametrize('motion', WALKS)
def test_walking_speed_and_way(motion):
    for performance in performances(motion):
        # a lap takes 1 / (0.55 rate)
        lap_s = np.linspace(0, 1 / (0.55 * performance.style.rate_hz), 500)
        pelvis = pelvis_of(performance.joints_m(lap_s))[:, :2]
        speed = np.linalg.norm(np.diff(pelvis, axis=0), axis=-1) / lap_s[1]
        assert speed.mean() > 0.3 and speed.max() < 1.6
        assert np.ptp(pelvis[:, 1]) > 0.65  # a real way towards the radar
        np.testing.assert_allclose(pelvis[0], pelvis[-1], atol=1e-9)


def test_walking_faces_where_it_goes_or_backs_off():
    (round_trip,), (to_and_fro,) = performances('walk', 1), performances('walk_to_and_fro', 1)
    seconds = np.arange(0, 6, 0.01)
    for performance, backwards in ((round_trip, False), (to_and_fro, True)):
        joints = performance.joints_m(seconds)
        heading, velocity = heading_of(joints)[1:], np.diff(pelvis_of(joints), axis=0) / 0.01
        ahead = velocity[:, 1] * np.cos(heading) - velocity[:, 0] * np.sin(heading)
        assert ahead.max() > 0.3
        assert (ahead.min() < -0.3) == backwards
        assert (np.ptp(heading) > 0.9 * np.pi) != backwards


@pytest.mark.parametrize('motion', [*WALKS, 'run_in_place'])
def test_arms_swing_against_legs(motion):
    """Whichever way somebody walks. In running the raised knee, not the foot below it, goes ahead."""
    leg = 'Knee' if motion == 'run_in_place' else 'Ankle'
    for performance in performances(motion):
        joints = performance.joints_m(np.arange(0, 6, 0.02))
        heading = heading_of(joints)
        ahead = np.stack([-np.sin(heading), np.cos(heading)], axis=-1)
        apart = {
            name: ((joints[:, INDEX[f'R_{name}']] - joints[:, INDEX[f'L_{name}']])[:, :2] * ahead).sum(-1)
            for name in ('Elbow', leg)
        }
        assert np.corrcoef(apart['Elbow'], apart[leg])[0, 1] < -0.8


def lifts_per_second(joints, seconds):
    """How often either foot leaves the floor."""
    height = joints[:, [INDEX['R_Ankle'], INDEX['L_Ankle']], 2]
    high = height > height.min() + 0.03
    return (~high[:-1] & high[1:]).sum() / seconds


def test_running_in_place_is_quicker_than_marching():
    seconds = np.arange(0, 20, 0.01)
    for run, march in zip(performances('run_in_place', 6), performances('march', 6)):
        joints = run.joints_m(seconds)
        cadence = lifts_per_second(joints, 20)
        assert 1.4 < cadence < 3.7  # steps a second
        assert cadence > 1.8 * lifts_per_second(march.joints_m(seconds), 20)
        # in place
        assert np.ptp(pelvis_of(joints)[:, :2], axis=0).max() < 0.08


def test_turning_goes_far_and_comes_back():
    ways = []
    for performance in performances('turn'):
        back_s = 2 / performance.style.rate_hz
        joints = performance.joints_m(np.linspace(0, back_s, 400))
        heading = heading_of(joints)
        assert np.pi / 2 < np.ptp(heading) < np.radians(150)
        assert heading[-1] == pytest.approx(heading[0], abs=1e-6)
        assert np.ptp(pelvis_of(joints)[:, :2], axis=0).max() < 0.08  # on the spot
        # to one side of where it started out
        turned = heading - heading[np.abs(np.sin((heading - performance.heading_rad) / 2)).argmin()]
        ways.append(turned[np.abs(turned).argmax()] > 0)
        assert ways[-1] == (performance.style.side == 'left')
    assert 0 < sum(ways) < len(ways)


@pytest.mark.parametrize('motion, lowest, highest', [('sit_down', 0.3, 0.5), ('front_lunge', 0.12, 0.35)])
def test_sitting_and_lunging_lower_the_hips(motion, lowest, highest):
    for performance in performances(motion):
        joints = performance.joints_m(np.arange(0, 9, 0.02))
        assert lowest < np.ptp(pelvis_of(joints)[:, 2]) < highest
        ways = sorted(np.ptp(joints[:, INDEX[name]], axis=0).max() for name in ('R_Ankle', 'L_Ankle'))
        assert ways[0] < 1e-6
        if motion == 'sit_down':
            assert ways[1] < 1e-6
        else:
            assert 0.3 < ways[1] < 0.9


def test_hands_swing_and_circle():
    seconds = np.arange(0, 3, 0.02)
    for swing, circle in zip(performances('swing_arms', 6), performances('circle_arms', 6)):
        for performance, wide, narrow in ((swing, 1, 0), (circle, 2, 0)):
            facing = replace(performance, heading_rad=0.0)  # x is to the right, y forward, to within the sway
            joints = facing.joints_m(seconds)
            hand = joints[:, INDEX['R_Wrist']] - joints[:, INDEX['R_Shoulder']]
            extent = np.ptp(hand, axis=0)
            assert extent[wide] > 0.15
            assert extent[wide] > 1.5 * extent[narrow]
            if performance is circle:
                assert extent[1] > 0.15  # a circle seen from the side


def test_breathing_moves_the_chest_and_nothing_else():
    seconds = np.arange(0, 50, 0.05)
    for performance in performances('stand_still', 6):
        breath = performance.joints_m(seconds) - replace(performance, breath_depth_m=0.0).joints_m(seconds)
        legs = [INDEX[f'{side}_{name}'] for side in 'RL' for name in ('Hip', 'Knee', 'Ankle')]
        assert np.abs(breath[:, legs]).max() == 0
        for name in ('Neck', 'R_Shoulder', 'L_Shoulder'):
            way = np.linalg.norm(breath[:, INDEX[name]], axis=-1)
            assert way.max() == pytest.approx(performance.breath_depth_m, rel=0.01)
            assert 0.003 < way.max() < 0.008
            # up and towards the radar
            assert breath[:, INDEX[name], 2].max() > 0.0015 and breath[:, INDEX[name], 1].min() < -0.0015
        # what the neck of somebody who stands still does in all: breathing, and little else
        neck = performance.joints_m(seconds)[:, INDEX['Neck'], 1]
        assert 0.001 < np.ptp(neck) < 0.015
        spectrum = np.abs(np.fft.rfft(breath[:, INDEX['Neck'], 1] - breath[:, INDEX['Neck'], 1].mean()))
        strongest_hz = np.fft.rfftfreq(len(seconds), 0.05)[spectrum.argmax()]
        assert 0.19 <= strongest_hz <= 0.41
        assert strongest_hz == pytest.approx(performance.breath_rate_hz, abs=0.02)


def test_unknown_motion():
    with pytest.raises(ValueError, match="unknown motion 'fly'"):
        Performance(Subject(), 'fly', Style(1, 1, 0, 'right', 0), (0, 2), 0, (0,) * 6)


def test_every_pose_of_the_default_plan_is_in_the_image():
    plan, camera = SimulationPlan(), Camera()
    for sequence in range(1, 277, 5):
        keypoints = camera.project(plan.performance(sequence).joints_m(np.arange(plan.num_frames) / 10))
        assert keypoints.min() >= 0 and keypoints.max() <= 256


def test_camera():
    camera = Camera()
    np.testing.assert_allclose(camera.project(np.array([0.0, 2.0, 1.0])), [128, 128])
    np.testing.assert_allclose(camera.project(np.array([0.5, 2.0, 1.5])), [128 + 47.5, 128 - 47.5])
    with pytest.raises(ValueError, match='in front of the camera'):
        camera.project(np.array([0.0, -1.0, 1.0]))
