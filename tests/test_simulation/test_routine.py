from dataclasses import replace

import numpy as np
import pytest

from mmradar.errors import ConfigError
from mmradar.simulation import JOINT_NAMES, PLANS, Performance, Routine, Subject, forward_kinematics
from mmradar.simulation.free_motion import ARM_RANGES, WAVING_ARM, free_jumps, free_limb, waving_limb

MOTIONS = ['stand', 'march', 'squat', 'walk', 'wave_hand', 'sit_down']


def routine(number=0, duration_s=12.0, motions=MOTIONS):
    return Routine.random(Subject(), list(motions), number, duration_s, np.random.default_rng([number, 5]))


def joints(names, of):
    return of[:, [JOINT_NAMES.index(name) for name in names]]


def test_a_moment_is_the_same_whatever_others_are_asked_for():
    acts, times = routine(3), np.arange(0, 12, 0.1)
    whole = acts.joints_m(times)
    np.testing.assert_allclose(acts.joints_m(times[20:30]), whole[20:30], atol=1e-12)
    np.testing.assert_allclose(acts.joints_m(times[-1:]), whole[-1:], atol=1e-12)


@pytest.mark.parametrize('number', range(6))
def test_bodies_stay_whole_and_move_smoothly_from_act_to_act(number):
    acts = routine(number)
    assert len(acts.acts) >= 3
    fine = acts.joints_m(np.arange(0, 12, 0.005))
    speed_m_s = np.linalg.norm(np.diff(fine, axis=0), axis=-1) / 0.005
    assert speed_m_s.max() < 14  # nothing jumps
    for upper, lower in (('R_Hip', 'R_Knee'), ('L_Elbow', 'L_Wrist')):
        length = np.linalg.norm(joints([upper], fine) - joints([lower], fine), axis=-1)
        assert np.ptp(length) < 1e-9
    lowest = joints(['R_Ankle', 'L_Ankle'], fine)[..., 2].min(axis=1)
    np.testing.assert_allclose(lowest, Subject().length_m('foot_height'), atol=1e-9)


def test_within_an_act_without_changes_it_is_the_performance():
    acts = routine(1)
    first = replace(acts.acts[0], arms=(None, None), free_seed=None)
    times = np.arange(0, 2, 0.1)
    alone = replace(acts, acts=(first,)).joints_m(times)
    np.testing.assert_allclose(alone, first.performance.joints_m(times), atol=1e-9)
    other = Performance.random(Subject(), 'raise_one_arm', np.random.default_rng(0))
    with_arm = replace(acts, acts=(replace(first, arms=(other, None)),)).joints_m(times)
    unchanged = [name for name in JOINT_NAMES if name not in ('R_Elbow', 'R_Wrist')]
    np.testing.assert_allclose(joints(unchanged, with_arm), joints(unchanged, alone), atol=1e-9)
    assert np.abs(joints(['R_Wrist'], with_arm) - joints(['R_Wrist'], alone)).max() > 0.1


def test_motions_have_their_turn_and_styles_are_spread_evenly():
    acts = [act for number in range(100) for act in routine(number).acts]
    counts = {name: sum(act.performance.motion == name for act in acts) for name in MOTIONS}
    assert min(counts.values()) > 0.8 * len(acts) / len(MOTIONS)
    for values, low, high in (
        ([act.performance.style.rate_hz for act in acts], 0.3, 0.95),
        ([act.performance.style.carriage for act in acts], 0, 1),
        ([act.performance.heading_rad for act in acts], np.pi - 0.7, np.pi + 0.7),
    ):
        shares, _ = np.histogram(values, bins=10, range=(low, high))
        assert shares.sum() == len(acts) and shares.min() > 0.75 * len(acts) / 10
    free = sum(arm is not None for act in acts for arm in act.arms) / len(acts) / 2
    assert 0.4 < free < 0.6


def test_free_limbs_stay_within_their_ranges_and_use_them():
    times = np.arange(0, 300, 0.05)
    angles = free_limb(np.random.default_rng(0), ARM_RANGES, times)
    for name, (low, high) in ARM_RANGES.items():
        assert low <= angles[name].min() < low + 0.1 * (high - low)
        assert high >= angles[name].max() > high - 0.1 * (high - low)
    assert np.abs(np.diff(angles['elbow_flexion'])).max() < 0.5
    later = free_limb(np.random.default_rng(0), ARM_RANGES, times[:100])
    np.testing.assert_array_equal(later['elbow_flexion'], angles['elbow_flexion'][:100])


def test_simhupr_v2_holds_out_subjects_and_motions():
    plan = PLANS['simhupr-v2-mini']
    motions = {split: set() for split in plan.splits}
    for split, numbers in plan.splits.items():
        for number in numbers[:40]:
            for act in plan.performance(number).acts:
                motions[split] |= {act.performance.motion} | {
                    arm.motion for arm in act.arms if isinstance(arm, Performance)
                }
    assert motions['unseen'] == set(plan.unseen_motions)
    assert not any(motions[split] & set(plan.unseen_motions) for split in ('train', 'val', 'test'))
    assert motions['train'] == set(plan.motions) - set(plan.unseen_motions)
    subjects = [{plan.subject_of(number) for number in numbers} for numbers in plan.splits.values()]
    assert len(set.union(*subjects)) == sum(map(len, subjects))
    plan = PLANS['simhupr-v2']
    bounces = [bool(plan.scene(number).mirrors) for number in range(1, 101)]
    assert 30 < sum(bounces) < 70
    with pytest.raises(ConfigError, match='of which there are none'):
        plan.changed(unseen_motions=())


def test_the_angles_of_a_free_body_are_known_to_the_skeleton():
    act = routine(0).acts[0]
    posture = replace(act, free_seed=7).posture(np.arange(0, 2, 0.1))
    forward_kinematics(Subject(), posture.angles, posture.heading_rad, posture.ground_m)
    assert np.ptp(posture.angles['lean_forward']) > 0


def varied(number, duration_s=12.0, how_far=1):
    rng = np.random.default_rng([number, 6])
    subject = Subject.varied(rng, more=how_far == 2)
    return Routine.random(subject, list(MOTIONS), number, duration_s, rng, varied=how_far)


@pytest.mark.parametrize('how_far', [1, 2])
@pytest.mark.parametrize('number', range(4))
def test_varied_bodies_stay_whole_and_each_moment_is_the_same(number, how_far):
    acts, times = varied(number, how_far=how_far), np.arange(0, 12, 0.1)
    whole = acts.joints_m(times)
    np.testing.assert_allclose(acts.joints_m(times[20:30]), whole[20:30], atol=1e-12)
    np.testing.assert_allclose(acts.joints_m(times[-1:]), whole[-1:], atol=1e-12)
    fine = acts.joints_m(np.arange(0, 12, 0.005))
    assert (np.linalg.norm(np.diff(fine, axis=0), axis=-1) / 0.005).max() < 25  # nothing jumps
    for upper, lower, segment in (('R_Hip', 'R_Knee', 'thigh'), ('L_Elbow', 'L_Wrist', 'forearm')):
        length = np.linalg.norm(joints([upper], fine) - joints([lower], fine), axis=-1)
        np.testing.assert_allclose(length, acts.subject.length_m(segment), atol=1e-9)
    assert fine[..., 1].min() > 1.0 and fine[..., 1].max() < 4.2


def test_varied_routines_are_wider_than_others():
    times = np.arange(0, 12, 0.1)

    def spread(make):
        """Of wrists about the shoulder, of ankles about the hip, of headings and of places, in m."""
        everybody = [make(number).joints_m(times) for number in range(30)]
        arms = np.concatenate([joints(['R_Wrist'], of) - joints(['R_Shoulder'], of) for of in everybody])
        legs = np.concatenate([joints(['R_Ankle'], of) - joints(['R_Hip'], of) for of in everybody])
        across = np.concatenate([joints(['R_Hip'], of) - joints(['L_Hip'], of) for of in everybody])[:, 0]
        headings = np.arctan2(across[:, 1], across[:, 0])
        places = [np.ptp(joints(['R_Hip', 'L_Hip'], of).mean(1)[:, :2], axis=0).mean() for of in everybody]
        return np.array(
            [arms.std(0).sum(), legs.std(0).sum(), np.angle(np.exp(1j * (headings - np.pi))).std(), np.mean(places)]
        )

    assert (spread(varied) > 1.05 * spread(routine)).all()


def test_varied_subjects_have_proportions_of_their_own():
    subjects = [Subject.varied(np.random.default_rng(number)) for number in range(200)]
    for segment, least, most in (('half_shoulders', 0.65, 1.1), ('forearm', 0.85, 1.15), ('foot_height', 1, 1)):
        plain = [replace(subject, proportions=()).length_m(segment) for subject in subjects]
        factors = np.array([subject.length_m(segment) for subject in subjects]) / plain
        assert factors.min() >= least and factors.max() <= most
        assert factors.max() - factors.min() >= 0.9 * (most - least)


MOST_VARIED = [varied(number, how_far=2) for number in range(40)]


def test_two_of_five_most_varied_people_walk_through_the_room_on_feet_that_do_not_slide():
    walkers = [acts for acts in MOST_VARIED if acts.walk]
    assert 8 < len(walkers) < 24
    ways = []
    for acts in walkers:
        fine = acts.joints_m(np.arange(0, 12, 0.01))
        pelvis = joints(['R_Hip', 'L_Hip'], fine).mean(1)[:, :2]
        ways.append(np.linalg.norm(np.diff(pelvis[::10], axis=0), axis=-1).sum())
        # without the drift and the turns of the whole body, which move feet by less than 0.3 m/s
        still = replace(acts, wander_seed=None).joints_m(np.arange(0, 12, 0.01))
        feet = joints(['R_Ankle', 'L_Ankle'], still)
        speed_m_s = np.linalg.norm(np.diff(feet[..., :2], axis=0), axis=-1) / 0.01
        assert (speed_m_s.min(axis=1) < 1e-6).mean() > 0.9  # one foot stands, but when it lands between two frames
        np.testing.assert_allclose(feet[..., 2].min(1), acts.subject.length_m('foot_height'), atol=1e-9)
    assert np.median(ways) > 3.5


def test_some_most_varied_people_jump_and_some_stand_on_something():
    ankle_m = Subject().length_m('foot_height')
    heights = [
        joints(['R_Ankle', 'L_Ankle'], replace(acts, subject=Subject()).joints_m(np.arange(0, 12, 0.02)))[..., 2].min(1)
        for acts in MOST_VARIED
    ]
    on_something = [acts.lift_m > 0 for acts in MOST_VARIED]
    assert 2 < sum(on_something) < 16
    for acts, height_m in zip(MOST_VARIED, heights):
        np.testing.assert_allclose(height_m.min(), ankle_m + acts.lift_m, atol=0.02)
        assert height_m.max() - height_m.min() < 0.41
    assert sum(np.ptp(height_m) > 0.05 for height_m in heights) > 4
    assert all(acts.lift_m == 0 for acts in (varied(0), routine(0)))


def test_jumps_fall_as_fast_as_gravity_has_it():
    for seed in range(20):
        times = np.arange(0, 6, 0.001)
        angles, height_m = free_jumps(np.random.default_rng(seed), times)
        in_air = height_m > 0
        assert 0.1 < in_air.mean() < 0.75 and height_m.max() <= 0.4
        fall = np.diff(height_m, 2)[in_air[:-2] & in_air[1:-1] & in_air[2:]] / 0.001**2
        np.testing.assert_allclose(fall, -9.81, rtol=1e-3)
        assert angles['knee_flexion_right'][~in_air].max() > 0.2  # they bend to take off


def test_waving_arms_stay_near_a_pose_and_swing_about_it():
    times = np.arange(0, 30, 0.01)
    swings, rates = [], []
    for seed in range(30):
        angles = waving_limb(np.random.default_rng(seed), WAVING_ARM, times)
        for name, (low, high, _) in WAVING_ARM.items():
            assert low <= angles[name].min() and angles[name].max() <= high and np.ptp(angles[name]) <= 1.4
        most = max(angles.values(), key=np.ptp)
        swings.append(np.ptp(most))
        rates.append((np.diff(np.sign(most - most.mean())) != 0).sum() / 2 / 30)
    assert min(swings) > 0.05 and max(swings) > 0.8 and 0.4 < min(rates) < 1.2 and 2 < max(rates) < 3.6


def test_how_far_people_are_varied_is_one_of_three():
    assert PLANS['simhupr-v2-mini'].changed(varied=2).performance(1).acts[0].variety == 2
    assert PLANS['simhupr-v2-mini'].changed(varied=True).description()['varied'] == 1
    with pytest.raises(ConfigError, match='varied must be 0, 1 or 2, found 3'):
        PLANS['simhupr-v2-mini'].changed(varied=3)
