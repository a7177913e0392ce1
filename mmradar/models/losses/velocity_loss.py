"""Temporal consistency as a loss."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from mmradar.registry import MODELS


@MODELS.register_module()
class VelocityLoss(nn.Module):
    """Mean squared distance between predicted and true joint velocities (milliMamba, equation 6).

    The velocity is the step from a frame to the next; a step counts where the joint is visible in both. The unit of
    the coordinates is open in the paper; here it is the image's size.

    Args:
        loss_weight: Factor on the result; 0.05 in the paper.
    """

    def __init__(self, loss_weight: float = 0.05) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        prediction: Float[Tensor, 'batch frames joints 2'],
        target: Float[Tensor, 'batch frames joints 2'],
        weight: Float[Tensor, 'batch frames joints'],
        area: Float[Tensor, 'batch frames'],
    ) -> Tensor:
        """Zero for windows of one frame."""
        error = (prediction - target).diff(dim=1).square().sum(-1)
        both = weight[:, 1:] * weight[:, :-1]
        return self.loss_weight * (error * both).sum() / both.sum().clamp_min(1)
