"""How the native kernels see a tensor of tokens."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor


class Tokens(ctypes.Structure):
    """``struct tokens`` of vector.h: (batch, length, channels), any strides but the last, float32 or bfloat16."""

    _fields_ = (
        ('data', ctypes.c_void_p),
        ('batch_stride', ctypes.c_int64),
        ('token_stride', ctypes.c_int64),
        ('is_bfloat16', ctypes.c_int64),
    )

    @classmethod
    def of(cls, tensor: Tensor | None) -> Tokens:
        """A view of a tensor whose channels lie side by side; the caller keeps the tensor alive."""
        if tensor is None:
            return cls()
        return cls(tensor.data_ptr(), tensor.stride(0), tensor.stride(1), tensor.dtype == torch.bfloat16)


def side_by_side(tensor: Tensor | None) -> Tensor | None:
    """The tensor if its channels lie side by side in memory, else a copy of which that is true."""
    if tensor is None or tensor.stride(-1) == 1 or tensor.shape[-1] == 1:
        return tensor
    return tensor.contiguous()


def token_type(*tensors: Tensor | None) -> torch.dtype:
    """bfloat16 if all tensors are, which the kernels read and write as it is; float32 otherwise."""
    return torch.bfloat16 if all(x is None or x.dtype == torch.bfloat16 for x in tensors) else torch.float32


def address(tensor: Tensor | None) -> int | None:
    """Of a contiguous float32 tensor, for a field of a structure."""
    return None if tensor is None else tensor.data_ptr()
