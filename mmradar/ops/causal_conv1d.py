"""Depthwise causal convolution over tokens, the step before Mamba's scan."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad


def causal_conv1d(
    x: Float[Tensor, 'batch length dim'],
    weight: Float[Tensor, 'dim width'],
    bias: Float[Tensor, 'dim'] | None = None,
    reverse: bool = False,
) -> Float[Tensor, 'batch length dim']:
    """Each channel's weighted sum of a token and the ``width - 1`` before it.

    Written as shifted sums over token-major memory: torch's ``conv1d`` wants channels first, and the two transposes
    cost more than the convolution.

    Args:
        x: Tokens.
        weight: The last column belongs to the token itself.
        bias: Added to every token.
        reverse: The tokens after, in place of those before.
    """
    length, width = x.shape[1], weight.shape[1]
    padded = pad(x, (0, 0, 0, width - 1) if reverse else (0, 0, width - 1, 0))
    shifts = range(width - 1, -1, -1) if reverse else range(width)
    y = None
    for column, shift in enumerate(shifts):
        shifted = padded[:, shift : shift + length]
        if y is None:
            y = shifted * weight[:, column] if bias is None else torch.addcmul(bias, shifted, weight[:, column])
        else:
            y = torch.addcmul(y, shifted, weight[:, column])
    return y
