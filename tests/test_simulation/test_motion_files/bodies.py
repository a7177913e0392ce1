"""What the motion of a person looks like, whichever file it is from."""

import numpy as np
import pytest

from conftest import SHARED_DATA
from mmradar.simulation.motion_sequence import RIGID_BONES
from mmradar.simulation.skeleton import JOINTS

HIPS = [JOINTS['R_Hip'], JOINTS['L_Hip']]
ANKLES = [JOINTS['R_Ankle'], JOINTS['L_Ankle']]


def shared(*parts):
    path = SHARED_DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f'real motions are not shipped with the package; looked for {path}')
    return path


def need_pybvh():
    pytest.importorskip('pybvh', reason='reading BVH needs pybvh')


def joint(motion, name):
    return motion.positions_m[:, JOINTS[name]]


def pelvis(motion):
    return motion.positions_m[:, HIPS].mean(axis=1)


def knees_in_front(motion):
    """How far knees are in front of the line from hip to ankle, (frames,) in m, by where hips and shoulders face."""
    forward = np.stack([-np.sin(motion.heading_rad), np.cos(motion.heading_rad)], axis=-1)
    bend = sum(
        joint(motion, f'{side}_Knee') - (joint(motion, f'{side}_Hip') + joint(motion, f'{side}_Ankle')) / 2
        for side in 'RL'
    )
    return (bend[:, :2] * forward).sum(axis=-1) / 2


def elbows_behind(motion):
    forward = np.stack([-np.sin(motion.heading_rad), np.cos(motion.heading_rad)], axis=-1)
    bend = sum(
        joint(motion, f'{side}_Elbow') - (joint(motion, f'{side}_Shoulder') + joint(motion, f'{side}_Wrist')) / 2
        for side in 'RL'
    )
    return -(bend[:, :2] * forward).sum(axis=-1) / 2


def bone_lengths(motion):
    return np.stack(
        [
            np.linalg.norm(joint(motion, f'{side}_{upper}') - joint(motion, f'{side}_{lower}'), axis=-1)
            for side in 'RL'
            for upper, lower in RIGID_BONES.values()
        ]
    )


def assert_walks_forward(motion, least_m):
    """The path goes where the body faces: wrong if left and right were exchanged, or an axis mirrored."""
    way = pelvis(motion)[-1, :2] - pelvis(motion)[0, :2]
    length = np.linalg.norm(way)
    assert length > least_m
    heading = motion.heading_rad
    faces = np.stack([-np.sin(heading), np.cos(heading)], axis=-1) @ (way / length)
    assert np.median(faces) > 0.9
    # The left hip is left of the way.
    left = np.array([-way[1], way[0]]) / length
    assert np.median((joint(motion, 'L_Hip') - joint(motion, 'R_Hip'))[:, :2] @ left) > 0.1
