"""Reduction that all losses of this package share."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def weighted_mean(values: Float[Tensor, '*n'], weight: Float[Tensor, '*n'], factor: float = 1.0) -> Float[Tensor, '']:
    """Return ``factor`` times the weighted mean of the values, 0 if all weights are 0.

    Args:
        values: Values, finite even where the weight is 0.
        weight: Weight of each value. A sum of weights below 1 counts as 1.
        factor: Factor on the mean.
    """
    return factor * (values * weight).sum() / weight.sum().clamp_min(1)
