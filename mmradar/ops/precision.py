"""The precision in which operators compute, given the types of their tensors."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor


def computing_type(*tensors: Tensor | None) -> torch.dtype:
    """Return the widest type of the tensors: at least float32, complex if one of them is; ``None`` is skipped."""
    return reduce(torch.promote_types, (x.dtype for x in tensors if x is not None), torch.float32)


def shared_type(first: Tensor, *others: Tensor | None) -> torch.dtype:
    """Return the type that all tensors share, else float32: for kernels that take their tokens in one type."""
    return first.dtype if all(x is None or x.dtype == first.dtype for x in others) else torch.float32
