"""Temporal consistency as a loss."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.losses.weighted_mean import weighted_mean
from mmradar.registry import MODELS
from mmradar.structures import PoseLabels

UNITS = ('image', 'px', 'body', 'm')


@MODELS.register_module()
class VelocityLoss(nn.Module):
    """Mean squared distance between predicted and true joint velocities (milliMamba, equation 6).

    The velocity is the displacement from one frame to the next; it counts where the joint is visible in both.

    Args:
        loss_weight: Factor on the result; 0.05 in the paper.
        unit: Unit of the coordinates, open in the paper: ``'px'``, ``'image'`` (fractions of the image's width and
            height), or ``'body'`` (fractions of the square root of the body's area, as in OKS). The paper's weight of
            0.05 has an effect in px only, see docs/velocity_loss.md. In three dimensions, it must be ``'m'``.

    Raises:
        ConfigError: Another unit.
    """

    def __init__(self, loss_weight: float = 0.05, unit: str = 'px') -> None:
        super().__init__()
        if unit not in UNITS:
            raise ConfigError(f'VelocityLoss.unit must be one of {", ".join(map(repr, UNITS))}, found {unit!r}')
        self.loss_weight, self.unit = loss_weight, unit

    def forward(self, keypoints: Float[Tensor, 'batch frames joints dims'], labels: PoseLabels) -> Tensor:
        """Return the loss, 0 for windows of one frame.

        Raises:
            ConfigError: Labels in m with another unit, or labels in px with the unit ``'m'``.
        """
        if (labels.bounds.unit == 'm') != (self.unit == 'm'):
            raise ConfigError(f'VelocityLoss.unit is {self.unit!r}, but the labels are in {labels.bounds.unit}')
        error = (keypoints - labels.keypoints).diff(dim=1)
        if self.unit == 'image':
            error = error / labels.bounds.extent[:, None, None]
        squared = error.square().sum(-1)
        if self.unit == 'body':
            squared = squared / labels.stated('area')[:, 1:, None].clamp_min(1)
        return weighted_mean(squared, labels.weight[:, 1:] * labels.weight[:, :-1], self.loss_weight)
