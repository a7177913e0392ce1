"""The reduction of all losses of ours."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def weighted_mean(values: Float[Tensor, '*n'], weight: Float[Tensor, '*n'], factor: float = 1.0) -> Float[Tensor, '']:
    """``factor`` times the mean of values by their weights; 0 if all weights are.

    Args:
        values: Finite, also where the weight is 0.
        weight: Of each value.
        factor: On the result.
    """
    return factor * (values * weight).sum() / weight.sum().clamp_min(1)
