"""causal-conv1d's CUDA kernel, if its compiled extension is installed. This file has not been run on a GPU yet."""

from __future__ import annotations

import torch
from torch import Tensor

from mmradar.ops.backends import import_missing


def causal_conv1d_missing(dtype: torch.dtype, width: int) -> str | None:
    """Return why causal-conv1d's kernel cannot take this type of tokens and number of taps, or ``None`` if it can."""
    if dtype == torch.float64:
        return 'has no float64'
    if not 2 <= width <= 4:
        return 'has 2 to 4 taps'
    return import_missing('causal_conv1d_cuda', 'causal_conv1d')


def _reads_as_it_lies(x: Tensor) -> bool:
    """Return whether the kernel can read (batch, dim, length) in its present layout.

    The channels must be contiguous and aligned to eight, because the kernel reads eight at once.
    """
    strides, offset = (x.shape[1], x.stride(0), x.stride(2)), x.storage_offset()
    return x.stride(1) == 1 and offset % 8 == 0 and all(number and number % 8 == 0 for number in strides)


def _laid_out(x: Tensor) -> Tensor:
    """Return a contiguous copy; ``contiguous()`` keeps odd strides of one-element axes, which the kernel checks."""
    return x.clone(memory_format=torch.contiguous_format)


def conv_cuda(x: Tensor, weight: Tensor, bias: Tensor | None, with_silu: bool, reverse: bool) -> Tensor:
    """Compute :func:`mmradar.ops.causal_conv1d` with causal-conv1d, which takes tokens last and has one direction only.

    The kernel sums in float32 for every type of tokens, so the parameters are passed in float32.
    """
    # pyright takes the package mmradar.ops.causal_conv1d for this one
    from causal_conv1d import causal_conv1d_fn  # pyright: ignore[reportAttributeAccessIssue]

    turned = (x.flip(1) if reverse else x).transpose(1, 2)
    turned = turned if _reads_as_it_lies(turned) else _laid_out(turned)
    weight, bias = _laid_out(weight.float()), None if bias is None else _laid_out(bias.float())
    y = causal_conv1d_fn(turned, weight, bias, activation='silu' if with_silu else None).transpose(1, 2)
    return y.flip(1) if reverse else y
