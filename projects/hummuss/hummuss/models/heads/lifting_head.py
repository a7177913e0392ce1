"""Head for 3D joints."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.registry import MODELS


@MODELS.register_module()
class LiftingHead(BaseModule):
    """Head that predicts each joint's position from its features: linear, tanh, linear, as in MotionBERT.

    Unlike mmpose's ``MotionRegressionHead``, which takes the same features, it needs no codec and no camera.

    Args:
        in_channels: Width of the features.
        out_channels: Number of coordinates of a joint.
        hidden_channels: Width between the two linear layers.
    """

    def __init__(
        self, in_channels: int, out_channels: int = 3, hidden_channels: int = 256, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.layers = nn.Sequential(
            nn.Linear(in_channels, hidden_channels), nn.Tanh(), nn.Linear(hidden_channels, out_channels)
        )

    def forward(self, features: Float[Tensor, '*batch joints dims']) -> Float[Tensor, '*batch joints 3']:
        """Predict the positions, in the unit of the training targets."""
        return self.layers(features)
