"""Absolute coordinate error as a loss."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from mmradar.registry import MODELS


@MODELS.register_module()
class KeypointL1Loss(nn.Module):
    """Mean absolute error of the visible joints' coordinates, in shares of the image.

    Not the paper's: it pulls predictions near enough to the truth for the OKS loss to have a gradient.

    Args:
        loss_weight: Factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self,
        prediction: Float[Tensor, 'batch frames joints 2'],
        target: Float[Tensor, 'batch frames joints 2'],
        weight: Float[Tensor, 'batch frames joints'],
        area: Float[Tensor, 'batch frames'],
        image_size: Float[Tensor, 'batch 2'],
    ) -> Tensor:
        error = (prediction - target).abs().mean(-1)
        return self.loss_weight * (error * weight).sum() / weight.sum().clamp_min(1)
