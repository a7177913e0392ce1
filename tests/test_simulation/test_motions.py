from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from test_simulation.performances import INDEX, heading_of, pelvis_of, performances

from mmradar.errors import ConfigError
from mmradar.simulation import MOTIONS, Performance, Style, Subject
from mmradar.simulation.motions import check_motions


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


def test_names_are_checked():
    assert check_motions(['walk', 'bow']) == ('walk', 'bow')
    assert check_motions() == tuple(MOTIONS) and check_motions([]) == ()
    with pytest.raises(ConfigError, match="unknown motion 'fly'; known are stand, march"):
        check_motions(['walk', 'fly'])
