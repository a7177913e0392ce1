"""causal-conv1d's CUDA kernel, where it is really there. Nobody has run this file on a GPU yet."""

from __future__ import annotations

import torch
from torch import Tensor

from mmradar.ops.backends import import_missing


def causal_conv1d_missing(dtype: torch.dtype, width: int) -> str | None:
    """Why causal-conv1d's kernel cannot be used for tokens of a type and so many taps, or ``None`` if it can."""
    if dtype == torch.float64:
        return 'has no float64'
    if not 2 <= width <= 4:
        return 'has 2 to 4 taps'
    return import_missing('causal_conv1d_cuda', 'causal_conv1d')


def _reads_as_it_lies(x: Tensor) -> bool:
    """Whether the kernel takes (batch, dim, length) with the channels side by side: it reads eight of them at once."""
    strides, offset = (x.shape[1], x.stride(0), x.stride(2)), x.storage_offset()
    return x.stride(1) == 1 and offset % 8 == 0 and all(number and number % 8 == 0 for number in strides)


def _laid_out(x: Tensor) -> Tensor:
    """A contiguous copy. ``contiguous()`` would leave odd strides to axes of one element, which the kernel minds."""
    return x.clone(memory_format=torch.contiguous_format)


def conv_cuda(x: Tensor, weight: Tensor, bias: Tensor | None, with_silu: bool, reverse: bool) -> Tensor:
    """:func:`mmradar.ops.causal_conv1d` by causal-conv1d, which names tokens last and knows one direction.

    The kernel sums in float32 whatever the type of the tokens is, which is why the parameters come in that.
    """
    from causal_conv1d import causal_conv1d_fn

    turned = (x.flip(1) if reverse else x).transpose(1, 2)
    turned = turned if _reads_as_it_lies(turned) else _laid_out(turned)
    weight, bias = (None if row is None else _laid_out(row.float()) for row in (weight, bias))
    y = causal_conv1d_fn(turned, weight, bias, activation='silu' if with_silu else None).transpose(1, 2)
    return y.flip(1) if reverse else y
