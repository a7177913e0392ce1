"""Joint rotations that pose a body like a person whose joint positions are known."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from hummuss.body_models.linear_body import KEYPOINT_JOINTS, LinearBody

# Bones that are turned so that they point as the keypoints do, from the joint to the next one.
_BONES = {
    'neck': 'head',
    **{f'{side}_{upper}': f'{side}_{lower}'
       for side in ('left', 'right')
       for upper, lower in (('hip', 'knee'), ('knee', 'ankle'), ('shoulder', 'elbow'), ('elbow', 'wrist'))},
}  # fmt: skip


def rotations_from_keypoints(
    body: LinearBody, rest_joints_m: Float[np.ndarray, 'joints 3'], keypoints_m: Float[np.ndarray, 'time 14 3']
) -> Float[np.ndarray, 'time joints 3 3']:
    """Compute the rotations with which a body takes the pose of a person of other bone lengths.

    Positions of joints do not determine rotations. These choices are ours:

    - The pelvis has the axes of hip line and trunk, the upper trunk those of shoulder line and trunk; the joints of the
      spine share the rotation between them evenly.
    - Neck, arms and legs turn on the shortest way, without twist about their own axis.
    - Head, hands, feet and collar bones do not turn relative to what carries them.

    Args:
        body: The body to pose.
        rest_joints_m: Its joints in the rest pose, see :meth:`LinearBody.rest_joints`.
        keypoints_m: HuPR's joints of the person, in any axes; the pelvis's rotation leads to these axes.

    Returns:
        Rotations relative to the parent joint.
    """
    rest = {name: rest_joints_m[joint] for joint, name in enumerate(body.joint_names)}
    seen = {name: keypoints_m[:, index] for index, name in enumerate(KEYPOINT_JOINTS)}

    def frame(joints: dict, pair: str) -> np.ndarray:
        left, right = joints[f'left_{pair}'], joints[f'right_{pair}']
        trunk = joints['neck'] - (joints['left_hip'] + joints['right_hip']) / 2
        x = _unit(left - right)
        y = _unit(trunk - (trunk * x).sum(-1, keepdims=True) * x)
        return np.stack([x, y, np.cross(x, y)], axis=-1)

    pelvis, chest = (frame(seen, pair) @ frame(rest, pair).T for pair in ('hip', 'shoulder'))
    bend = Rotation.from_matrix(pelvis.transpose(0, 2, 1) @ chest).as_rotvec()
    spine = _spine(body)
    world = np.empty((len(keypoints_m), body.num_joints, 3, 3))
    world[:, 0] = pelvis
    for joint, (name, parent) in enumerate(zip(body.joint_names[1:], body.parents[1:]), start=1):
        world[:, joint] = world[:, parent]
        if joint in spine:
            share = (spine.index(joint) + 1) / len(spine)
            world[:, joint] = pelvis @ Rotation.from_rotvec(share * bend).as_matrix()
        elif name in _BONES:
            child = _BONES[name]
            now = world[:, parent] @ _unit(rest[child] - rest[name])
            world[:, joint] = _shortest_turn(now, _unit(seen[child] - seen[name])) @ world[:, parent]
    local = world.copy()
    local[:, 1:] = world[:, list(body.parents[1:])].transpose(0, 1, 3, 2) @ world[:, 1:]
    return local


def _spine(body: LinearBody) -> list[int]:
    """Return the joints between pelvis and neck, from below."""
    found = []
    joint = body.parents[body.joint_names.index('neck')]
    while joint != 0:
        found.insert(0, joint)
        joint = body.parents[joint]
    return found


def _unit(vectors: Float[np.ndarray, '*n 3']) -> Float[np.ndarray, '*n 3']:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _shortest_turn(
    start: Float[np.ndarray, 'time 3'], end: Float[np.ndarray, 'time 3']
) -> Float[np.ndarray, 'time 3 3']:
    """Return the rotations by the smallest angle that turn unit vectors into others."""
    axis = np.cross(start, end)
    sine, cosine = np.linalg.norm(axis, axis=-1), (start * end).sum(-1)
    # For opposite vectors, any perpendicular axis does
    other = _unit(np.cross(start, np.eye(3)[np.abs(start).argmin(-1)]))
    axis = np.where(sine[:, None] > 1e-9, axis / np.maximum(sine, 1e-9)[:, None], other)
    return Rotation.from_rotvec(axis * np.arctan2(sine, cosine)[:, None]).as_matrix()
