"""Absolute coordinate error as a loss."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from mmradar.models.losses.weighted_mean import weighted_mean
from mmradar.registry import MODELS
from mmradar.structures import PoseLabels


@MODELS.register_module()
class KeypointL1Loss(nn.Module):
    """Mean absolute error of the visible joints' coordinates, as fractions of the image or the volume.

    Not in the paper: it pulls predictions close enough to the truth for the OKS loss to have a gradient.

    Args:
        loss_weight: Factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, keypoints: Float[Tensor, 'batch frames joints dims'], labels: PoseLabels) -> Tensor:
        error = (labels.bounds.shares(keypoints) - labels.bounds.shares(labels.keypoints)).abs().mean(-1)
        return weighted_mean(error, labels.weight, self.loss_weight)
