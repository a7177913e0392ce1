"""Object keypoint similarity as a loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mmradar.metainfo import HUPR_SIGMAS
from mmradar.registry import MODELS


def scaled_squared_distance(
    prediction: Float[Tensor, '*n joints 2'],
    target: Float[Tensor, '*n joints 2'],
    area: Float[Tensor, '*n'],
    sigmas: Float[Tensor, 'joints'],
) -> Float[Tensor, '*n joints']:
    """Each joint's ``d^2 / (2 s^2 k^2)`` with ``s^2`` the area and ``k = 2 sigma``, as COCO's evaluation has it.

    Coordinates in px, area in px^2. OKS is the exponential of its negative.
    """
    distance_squared = (prediction - target).square().sum(-1)
    variance = (2 * sigmas).square() * area[..., None]
    return distance_squared / (2 * variance).clamp_min(torch.finfo(variance.dtype).eps)


@MODELS.register_module()
class OKSLoss(nn.Module):
    """One minus the mean OKS of the visible joints of all frames (milliMamba, L_oks).

    Its gradient all but vanishes far from the truth: a short training wants an L1 loss beside it, or ``log=True``,
    the loss ``-log OKS``, which is a distance weighted by joint and size.

    Args:
        sigmas: Falloff of each joint; HuPR's by default.
        log: ``-log OKS`` in place of ``1 - OKS``. Not the paper's.
        loss_weight: Factor on the result.
    """

    def __init__(
        self,
        sigmas: Sequence[float] | None = None,
        log: bool = False,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.log, self.loss_weight = log, loss_weight
        self.register_buffer('sigmas', torch.tensor(sigmas or HUPR_SIGMAS, dtype=torch.float32), persistent=False)

    def forward(
        self,
        prediction: Float[Tensor, 'batch frames joints 2'],
        target: Float[Tensor, 'batch frames joints 2'],
        weight: Float[Tensor, 'batch frames joints'],
        area: Float[Tensor, 'batch frames'],
        image_size: Float[Tensor, 'batch 2'],
    ) -> Tensor:
        """Joints of weight 0 do not count."""
        size = image_size[:, None, None]
        distance = scaled_squared_distance(prediction * size, target * size, area, self.sigmas)
        loss = distance if self.log else -torch.expm1(-distance)
        return self.loss_weight * (loss * weight).sum() / weight.sum().clamp_min(1)
