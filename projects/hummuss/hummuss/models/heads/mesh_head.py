"""Head for SMPL's parameters, and the joints that follow from them."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmradar.errors import ConfigError
from mmradar.registry import MODELS

SMPL_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
# A standing adult with arms stretched sideways, in m, y up. Rounded by hand to cm; not from SMPL's licensed files.
_REST_JOINTS_M = (
    *((0, 0, 0), (0.06, -0.09, 0), (-0.06, -0.09, 0), (0, 0.11, -0.02), (0.1, -0.47, 0), (-0.1, -0.47, 0)),
    *((0, 0.25, 0), (0.09, -0.88, -0.04), (-0.09, -0.88, -0.04), (0, 0.3, 0.02), (0.11, -0.93, 0.08)),
    *((-0.11, -0.93, 0.08), (0, 0.52, -0.01), (0.08, 0.42, -0.01), (-0.08, 0.42, -0.01), (0, 0.58, 0.04)),
    *((0.18, 0.44, -0.02), (-0.18, 0.44, -0.02), (0.43, 0.43, -0.04), (-0.43, 0.43, -0.04)),
    *((0.68, 0.44, -0.04), (-0.68, 0.44, -0.04), (0.76, 0.43, -0.05), (-0.76, 0.43, -0.05)),
)


def rotation_from_6d(values: Float[Tensor, '*batch 6']) -> Float[Tensor, '*batch 3 3']:
    """Build the rotation matrix whose first two columns are two vectors after Gram-Schmidt (Zhou et al., 2019)."""
    a, b = values.unflatten(-1, (2, 3)).unbind(-2)
    x = normalize(a, dim=-1)
    y = normalize(b - (x * b).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


def forward_kinematics(
    rotations: Float[Tensor, '*batch 24 3 3'], rest_joints: Float[Tensor, '24 3']
) -> Float[Tensor, '*batch 24 3']:
    """Compute the joints of SMPL's tree, root-relative in m, from rotations relative to the parent joint."""
    world, joints = [rotations[..., 0, :, :]], [torch.zeros_like(rotations[..., 0, :, 0])]
    for joint, parent in enumerate(SMPL_PARENTS[1:], start=1):
        offset = rest_joints[joint] - rest_joints[parent]
        joints.append(joints[parent] + world[parent] @ offset)
        world.append(world[parent] @ rotations[..., joint, :, :])
    return torch.stack(joints, dim=-2)


def _load_smpl(path: str) -> nn.Module:
    try:
        import smplx  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ConfigError(
            "MeshHead.smpl_model_path needs smplx (pip install smplx) and SMPL's licensed files from "
            'https://smpl.is.tue.mpg.de; without the option the head trains on parameters and joints'
        ) from error
    if not Path(path).exists():
        raise ConfigError(f'MeshHead.smpl_model_path: {path} does not exist; see https://smpl.is.tue.mpg.de')
    return smplx.create(path, model_type='smpl').requires_grad_(False)


@MODELS.register_module()
class MeshHead(BaseModule):
    """Head for SMPL's pose of each frame and shape of each clip, after MotionBERT's mesh head.

    Pose and shape are regressed as differences from the rest pose. With ``smpl_model_path``, joints and vertices are
    SMPL's. Without it, joints are computed from the rotations and a fixed skeleton (our choice: an approximate adult,
    on which the shape parameters have no effect), and there are no vertices: training and tests use only parameters and
    joints.

    Args:
        in_channels: Width of the features.
        num_joints: Number of joints of the 2D poses.
        hidden_channels: Width between the layers.
        dropout: Dropout probability of the features.
        smpl_model_path: Path of SMPL's licensed files, which ``smplx`` reads.
        rest_joints: The 24 joints of the rest pose in m, for use without SMPL's files.
    """

    rest_joints: Tensor

    def __init__(
        self,
        in_channels: int,
        num_joints: int = 17,
        hidden_channels: int = 1024,
        dropout: float = 0.1,
        smpl_model_path: str | None = None,
        rest_joints: tuple[tuple[float, float, float], ...] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        rest = torch.tensor(rest_joints or _REST_JOINTS_M, dtype=torch.float32)
        if rest.shape != (24, 3):
            raise ConfigError(f'MeshHead.rest_joints must be 24 joints of 3 coordinates, found {tuple(rest.shape)}')
        self.register_buffer('rest_joints', rest, persistent=False)
        self.smpl = _load_smpl(smpl_model_path) if smpl_model_path else None

        def branch() -> nn.Sequential:
            width = in_channels * num_joints
            return nn.Sequential(
                nn.Dropout(dropout), nn.Linear(width, hidden_channels), nn.LayerNorm(hidden_channels), nn.ReLU()
            )

        self.pose_branch, self.shape_branch = branch(), branch()
        self.pose, self.shape = nn.Linear(hidden_channels, 24 * 6), nn.Linear(hidden_channels, 10)
        # Begin near the rest pose, where rotations from 6 numbers are stable
        for layer in (self.pose, self.shape):
            nn.init.normal_(layer.weight, std=1e-3)
            nn.init.zeros_(layer.bias)
        with torch.no_grad():
            self.pose.bias.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(24))

    def forward(self, features: Float[Tensor, 'batch frames joints dims']) -> dict[str, Tensor]:
        """Predict SMPL's parameters and joints.

        Returns:
            ``rotations`` (batch, frames, 24, 3, 3) relative to the parent, ``betas`` (batch, 10), ``joints`` (batch,
            frames, 24, 3) in m relative to the root, and with SMPL's files ``vertices`` (batch, frames, 6890, 3).
        """
        pose = self.pose(self.pose_branch(features.flatten(2)))
        rotations = rotation_from_6d(pose.unflatten(-1, (24, 6)))
        betas = self.shape(self.shape_branch(features.mean(1).flatten(1)))
        if self.smpl is None:
            return dict(rotations=rotations, betas=betas, joints=forward_kinematics(rotations, self.rest_joints))
        batch, frames = rotations.shape[:2]
        flat = rotations.flatten(0, 1)
        shape = betas[:, None].expand(-1, frames, -1).flatten(0, 1)
        body = self.smpl(betas=shape, body_pose=flat[:, 1:], global_orient=flat[:, :1], pose2rot=False)
        root = body.joints[:, :1]
        return dict(
            rotations=rotations,
            betas=betas,
            joints=(body.joints[:, :24] - root).unflatten(0, (batch, frames)),
            vertices=(body.vertices - root).unflatten(0, (batch, frames)),
        )
