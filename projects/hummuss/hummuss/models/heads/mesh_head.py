"""Head for the pose and shape of a body model."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import normalize

from hummuss.body_models import LinearBody
from mmradar.registry import MODELS


def rotation_from_6d(values: Float[Tensor, '*batch 6']) -> Float[Tensor, '*batch 3 3']:
    """Build the rotation matrix whose first two columns are two vectors after Gram-Schmidt (Zhou et al., 2019)."""
    a, b = values.unflatten(-1, (2, 3)).unbind(-2)
    x = normalize(a, dim=-1)
    y = normalize(b - (x * b).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=-1)


@MODELS.register_module()
class MeshHead(BaseModule):
    """Head for a body's pose in each frame and its shape in each clip, after MotionBERT's mesh head.

    Pose and shape are regressed as differences from the rest pose and the mean person.

    Args:
        in_channels: Width of the features.
        body_model: Configuration of the body model: ``dict(type='AnnyBody')``, or ``dict(type='SmplBody',
            model_path=..., unpickle=True)`` for those who have its licensed files.
        num_joints: Number of joints of the 2D poses.
        hidden_channels: Width between the layers.
        dropout: Dropout probability of the features.
    """

    def __init__(
        self,
        in_channels: int,
        body_model: dict[str, Any],
        num_joints: int = 17,
        hidden_channels: int = 1024,
        dropout: float = 0.1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.body: LinearBody = MODELS.build(body_model)

        def branch() -> nn.Sequential:
            width = in_channels * num_joints
            return nn.Sequential(
                nn.Dropout(dropout), nn.Linear(width, hidden_channels), nn.LayerNorm(hidden_channels), nn.ReLU()
            )

        self.pose_branch, self.shape_branch = branch(), branch()
        self.pose = nn.Linear(hidden_channels, self.body.num_joints * 6)
        self.shape = nn.Linear(hidden_channels, self.body.num_betas)
        # Begin near the rest pose, where rotations from 6 numbers are stable, facing the camera: its axes are x right,
        # y down, z away, the body's x left, y up, z forward
        for layer in (self.pose, self.shape):
            nn.init.normal_(layer.weight, std=1e-3)
            nn.init.zeros_(layer.bias)
        with torch.no_grad():
            self.pose.bias.copy_(torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(self.body.num_joints))
            self.pose.bias[:6] = torch.tensor([1.0, 0, 0, 0, -1, 0])

    def forward(self, features: Float[Tensor, 'batch frames joints dims']) -> dict[str, Tensor]:
        """Predict the body's parameters and joints; ``body`` computes vertices from the parameters.

        Returns:
            ``rotations`` (batch, frames, J, 3, 3) relative to the parent, ``betas`` (batch, frames, S), equal in all
            frames, and ``joints`` (batch, frames, J, 3) in m relative to the root.
        """
        pose = self.pose(self.pose_branch(features.flatten(2)))
        rotations = rotation_from_6d(pose.unflatten(-1, (-1, 6)))
        betas = self.shape(self.shape_branch(features.mean(1).flatten(1)))[:, None].expand(-1, pose.shape[1], -1)
        return dict(rotations=rotations, betas=betas, joints=self.body.joints(rotations, betas))
