"""The causal convolution in torch operations, on any device."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad, silu

from mmradar.ops.precision import computing_type


def conv_shifted_sums(x: Tensor, weight: Tensor, bias: Tensor | None, with_silu: bool, reverse: bool) -> Tensor:
    """Compute :func:`mmradar.ops.causal_conv1d` as shifted sums over token-major memory.

    torch's ``conv1d`` takes channels first, and the two transposes cost more than the convolution. Half types are
    summed in float32.
    """
    dtype = computing_type(x, weight, bias)
    x, weight, bias = x.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype)
    length, width = x.shape[1], weight.shape[1]
    padded = pad(x, (0, 0, 0, width - 1) if reverse else (0, 0, width - 1, 0))
    shifts = range(width - 1, -1, -1) if reverse else range(width)
    first, *others = (padded[:, shift : shift + length] for shift in shifts)
    y = first * weight[:, 0] if bias is None else torch.addcmul(bias, first, weight[:, 0])
    for column, shifted in enumerate(others, start=1):
        y = torch.addcmul(y, shifted, weight[:, column])
    return silu(y) if with_silu else y
