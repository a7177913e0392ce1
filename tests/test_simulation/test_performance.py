from dataclasses import replace

import numpy as np
import pytest
from test_simulation.performances import INDEX, pelvis_of, performances

from mmradar.simulation import MOTIONS, Camera, Performance, SimulationPlan, Style, Subject


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
