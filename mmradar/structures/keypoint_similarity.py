"""Object keypoint similarity (OKS), which losses and metrics share."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def scaled_squared_distance(
    prediction: Float[Tensor, '*n joints 2'],
    target: Float[Tensor, '*n joints 2'],
    area: Float[Tensor, '*n'],
    sigmas: Float[Tensor, '*#n joints'],
) -> Float[Tensor, '*n joints']:
    """Return each joint's ``d^2 / (2 s^2 k^2)``, with ``s^2`` the area and ``k = 2 sigma``, as in COCO's evaluation.

    Coordinates are in px, areas in px^2. OKS is the exponential of the negative of this distance.
    """
    distance_squared = (prediction - target).square().sum(-1)
    variance = (2 * sigmas).square() * area[..., None]
    return distance_squared / (2 * variance).clamp_min(torch.finfo(variance.dtype).eps)
