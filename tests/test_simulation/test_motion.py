import numpy as np
import pytest
import torch

from mmradar.simulation import (
    JOINT_NAMES,
    MOTIONS,
    BodySurface,
    Camera,
    Performance,
    SimulationPlan,
    Style,
    Subject,
    forward_kinematics,
)

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


@pytest.mark.parametrize('motion', MOTIONS)
def test_motions_are_smooth_and_keep_limb_lengths(motion):
    performance = Performance.random(Subject(), motion, np.random.default_rng(3))
    joints = performance.joints_m(np.arange(0, 3, 0.002))
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1) / 0.002
    assert 0.005 < speed.max() < 12  # m/s
    acceleration = np.abs(np.diff(joints, n=2, axis=0)).max() / 0.002**2
    assert acceleration < 400  # no jumps: one of a centimetre would be 2,500
    forearm = np.linalg.norm(joints[:, INDEX['R_Elbow']] - joints[:, INDEX['R_Wrist']], axis=-1)
    np.testing.assert_allclose(forearm, Subject().length_m('forearm'))
    assert joints[..., 2].min() > 0  # nothing below the floor


def test_unknown_motion():
    with pytest.raises(ValueError, match="unknown motion 'fly'"):
        Performance(Subject(), 'fly', Style(1, 1, 0, 'right', 0), (0, 2), 0, (0,) * 6)


def test_every_pose_of_the_default_plan_is_in_the_image():
    plan, camera = SimulationPlan(), Camera()
    for sequence in range(1, 277, 5):
        keypoints = camera.project(plan.performance(sequence).joints_m(np.arange(plan.num_frames) / 10))
        assert keypoints.min() >= 0 and keypoints.max() <= 256


def test_limbs_flash_when_seen_broadside():
    """The same arm returns far more when it hangs across the line of sight than when it points at the radar."""
    surface = BodySurface(Subject(), torch.Generator().manual_seed(0))
    sensor = torch.tensor([0.0, 0.0, 1.4], dtype=torch.float64)
    forearm = (surface.first == INDEX['R_Elbow']) & (surface.second == INDEX['R_Wrist'])
    strength = {}
    for name, flexion in (('hanging', 0.0), ('pointing', np.pi / 2)):
        joints = torch.as_tensor(forward_kinematics(Subject(), {'shoulder_flexion_right': flexion}, **STANDING))
        points, amplitude = surface.scatterers(joints, sensor)
        strength[name] = amplitude[0, forearm].square().sum().item()
        # points lie on the side that faces the radar
        assert (points[0, forearm, 1] < 2.0).all()
    assert strength['hanging'] > 10 * strength['pointing']


def test_total_radar_cross_section_of_an_adult():
    surface = BodySurface(Subject(), torch.Generator().manual_seed(0))
    joints = torch.as_tensor(forward_kinematics(Subject(), {}, **STANDING))
    _, amplitude = surface.scatterers(joints, torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64))
    assert -10 <= 10 * np.log10(amplitude.square().sum().item()) <= 0  # dBsm


def test_camera():
    camera = Camera()
    np.testing.assert_allclose(camera.project(np.array([0.0, 2.0, 1.0])), [128, 128])
    np.testing.assert_allclose(camera.project(np.array([0.5, 2.0, 1.5])), [128 + 47.5, 128 - 47.5])
    with pytest.raises(ValueError, match='in front of the camera'):
        camera.project(np.array([0.0, -1.0, 1.0]))
