import numpy as np
import pytest
from test_simulation.performances import INDEX

from mmradar.simulation import Subject, forward_kinematics
from mmradar.simulation.skeleton import leg_angles

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
