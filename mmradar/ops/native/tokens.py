"""Tensors of tokens as the native kernels see them."""

from __future__ import annotations

import ctypes
from typing import overload

import torch
from torch import Tensor


class Tokens(ctypes.Structure):
    """Mirror of ``struct tokens`` of vector.h.

    Tokens are (batch, length, channels) with contiguous channels and any other strides, in float32 or bfloat16.
    """

    _fields_ = (
        ('data', ctypes.c_void_p),
        ('batch_stride', ctypes.c_int64),
        ('token_stride', ctypes.c_int64),
        ('is_bfloat16', ctypes.c_int64),
    )

    @classmethod
    def of(cls, tensor: Tensor | None) -> Tokens:
        """Build the view of a tensor with contiguous channels; the caller keeps the tensor alive."""
        if tensor is None:
            return cls()
        return cls(tensor.data_ptr(), tensor.stride(0), tensor.stride(1), tensor.dtype == torch.bfloat16)


@overload
def side_by_side(tensor: Tensor) -> Tensor: ...
@overload
def side_by_side(tensor: Tensor | None) -> Tensor | None: ...
def side_by_side(tensor: Tensor | None) -> Tensor | None:
    """Return the tensor if its channels are contiguous in memory, else a contiguous copy."""
    if tensor is None or tensor.stride(-1) == 1 or tensor.shape[-1] == 1:
        return tensor
    return tensor.contiguous()


def token_type(*tensors: Tensor | None) -> torch.dtype:
    """Return bfloat16, which the kernels read and write directly, if all tensors have it; else float32."""
    return torch.bfloat16 if all(x is None or x.dtype == torch.bfloat16 for x in tensors) else torch.float32


def address(tensor: Tensor | None) -> int | None:
    """Return the address of a contiguous float32 tensor, for a field of a structure."""
    return None if tensor is None else tensor.data_ptr()
