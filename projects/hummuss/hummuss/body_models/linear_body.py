"""The interface of body models: linear shape, a tree of joints, and linear blend skinning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.simulation.skeleton import JOINT_NAMES

_SIDES = {'L': 'left', 'R': 'right'}
# The joints of a body that are HuPR's keypoints, in HuPR's order. Every body model has joints of these names.
KEYPOINT_JOINTS = tuple(
    f'{_SIDES[name[0]]}_{name[2:].lower()}' if name[1] == '_' else name.lower() for name in JOINT_NAMES
)


@dataclass(frozen=True, eq=False)
class BodyArrays:
    """What a body model consists of. Axes: x to the person's left, y up, z forward, in the rest pose.

    Args:
        joint_names: Names of the joints, the pelvis first, each after its parent; among them ``KEYPOINT_JOINTS``.
        parents: Index of each joint's parent; -1 for the pelvis.
        vertices_m: Vertices of the mean person in the rest pose.
        joints_m: Joints of the mean person in the rest pose.
        vertex_dirs_m: Displacement of each vertex for each shape coefficient.
        joint_dirs_m: Displacement of each joint for each shape coefficient.
        weights: Skinning weights, which sum to 1 for each vertex.
        faces: Triangles, as indices of vertices, counter-clockwise from outside.
        pose_dirs_m: Displacement of each vertex for each entry of (R - 1) of all joints but the pelvis (pose blend
            shapes, as SMPL has them), flattened; ``None`` if there are none.
    """

    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    vertices_m: Float[np.ndarray, 'vertices 3']
    joints_m: Float[np.ndarray, 'joints 3']
    vertex_dirs_m: Float[np.ndarray, 'betas vertices 3']
    joint_dirs_m: Float[np.ndarray, 'betas joints 3']
    weights: Float[np.ndarray, 'vertices joints']
    faces: Int[np.ndarray, 'faces 3']
    pose_dirs_m: Float[np.ndarray, 'entries vertices 3'] | None = None


class LinearBody(nn.Module):
    """Body model with the equations of SMPL (Loper et al., SIGGRAPH Asia 2015, section 3), without parameters to learn.

    The shape is a mean plus a linear combination of directions. A joint's rotation is relative to its parent, in the
    axes of the rest pose, so that identities give the rest pose; the pelvis's rotation orients the whole body. Results
    are relative to the pelvis, in the axes that this rotation leads to (of the camera, in this project's data sets).

    Args:
        arrays: What the body consists of.

    Raises:
        ConfigError: The joints do not contain all ``KEYPOINT_JOINTS``, or are not in the order of a tree.
    """

    vertex_dirs: Tensor
    joint_dirs: Tensor
    mean_vertices: Tensor
    mean_joints: Tensor
    weights: Tensor
    pose_dirs: Tensor | None

    def __init__(self, arrays: BodyArrays) -> None:
        super().__init__()
        if missing := set(KEYPOINT_JOINTS) - set(arrays.joint_names):
            raise ConfigError(f'{type(self).__name__}: the body has no joint {min(missing)!r}')
        if arrays.parents[0] != -1 or any(not 0 <= p < joint for joint, p in enumerate(arrays.parents[1:], start=1)):
            raise ConfigError(
                f'{type(self).__name__}: joint 0 must be the root (-1) and parents precede their joints, found '
                f'{arrays.parents}'
            )
        self.joint_names, self.parents = arrays.joint_names, arrays.parents
        self.faces = np.asarray(arrays.faces)
        self.keypoint_joints = [arrays.joint_names.index(name) for name in KEYPOINT_JOINTS]
        for name, array in (
            ('mean_vertices', arrays.vertices_m),
            ('mean_joints', arrays.joints_m),
            ('vertex_dirs', arrays.vertex_dirs_m),
            ('joint_dirs', arrays.joint_dirs_m),
            ('weights', arrays.weights),
            ('pose_dirs', arrays.pose_dirs_m),
        ):
            # Not persistent: checkpoints need no copy of the body, and licensed files must not travel in them
            tensor = None if array is None else torch.as_tensor(np.asarray(array), dtype=torch.float32)
            self.register_buffer(name, tensor, persistent=False)

    @property
    def num_joints(self) -> int:
        """Number of joints J."""
        return len(self.parents)

    @property
    def num_betas(self) -> int:
        """Number of shape coefficients."""
        return len(self.vertex_dirs)

    def random_betas(self, rng: np.random.Generator) -> Float[np.ndarray, 'betas']:
        """Draw the shape of a person: standard normal, cut off at 2 standard deviations (our choice)."""
        return rng.standard_normal(self.num_betas).clip(-2, 2).astype(np.float32)

    def rest_joints(self, betas: Float[Tensor, '*batch betas']) -> Float[Tensor, '*batch joints 3']:
        """Compute the joints in the rest pose, in m."""
        return self.mean_joints + torch.einsum('...s,sjc->...jc', betas, self.joint_dirs)

    def joints(
        self, rotations: Float[Tensor, '*batch joints 3 3'], betas: Float[Tensor, '*batch betas']
    ) -> Float[Tensor, '*batch joints 3']:
        """Compute the joints relative to the pelvis, in m.

        Args:
            rotations: Rotation of each joint relative to its parent.
            betas: Shape coefficients; 0 is the mean person.
        """
        return forward_kinematics(rotations, self.rest_joints(betas), self.parents)[1]

    def forward(
        self,
        rotations: Float[Tensor, '*batch joints 3 3'],
        betas: Float[Tensor, '*batch betas'],
        chosen: Int[Tensor, 'chosen'] | None = None,
    ) -> Float[Tensor, '*batch vertices 3']:
        """Compute the vertices relative to the pelvis, in m.

        Args:
            rotations, betas: See :meth:`joints`.
            chosen: Indices of the vertices to compute; all if ``None``.
        """
        mean, dirs, weights, pose_dirs = self.mean_vertices, self.vertex_dirs, self.weights, self.pose_dirs
        if chosen is not None:
            mean, dirs, weights = mean[chosen], dirs[:, chosen], weights[chosen]
            pose_dirs = None if pose_dirs is None else pose_dirs[:, chosen]
        vertices = mean + torch.einsum('...s,svc->...vc', betas, dirs)
        if pose_dirs is not None:
            bent = (rotations[..., 1:, :, :] - torch.eye(3).to(rotations)).flatten(-3)
            vertices = vertices + torch.einsum('...e,evc->...vc', bent, pose_dirs)
        rest = self.rest_joints(betas)
        world, joints = forward_kinematics(rotations, rest, self.parents)
        # A joint moves its vertices by x -> W (x - rest) + joint
        moves = joints - (world @ rest[..., None])[..., 0]
        blended = torch.einsum('vj,...jc->...vc', weights, torch.cat([world.flatten(-2), moves], dim=-1))
        turned = (blended[..., :9].unflatten(-1, (3, 3)) * vertices[..., None, :]).sum(-1)
        return turned + blended[..., 9:]


def forward_kinematics(
    rotations: Float[Tensor, '*batch joints 3 3'],
    rest_joints: Float[Tensor, '*batch joints 3'],
    parents: tuple[int, ...],
) -> tuple[Float[Tensor, '*batch joints 3 3'], Float[Tensor, '*batch joints 3']]:
    """Compute rotations and joints of a tree from rotations relative to the parent joint.

    Args:
        rotations: Rotation of each joint relative to its parent.
        rest_joints: Joints in the rest pose, in m.
        parents: Index of each joint's parent, smaller than its own; -1 for the root, joint 0.

    Returns:
        The rotation of each joint from the rest pose, and the joints relative to the root.
    """
    world, joints = [rotations[..., 0, :, :]], [torch.zeros_like(rotations[..., 0, :, 0])]
    for joint, parent in enumerate(parents[1:], start=1):
        offset = rest_joints[..., joint, :] - rest_joints[..., parent, :]
        joints.append(joints[parent] + (world[parent] @ offset[..., None])[..., 0])
        world.append(world[parent] @ rotations[..., joint, :, :])
    return torch.stack(world, dim=-3), torch.stack(joints, dim=-2)
