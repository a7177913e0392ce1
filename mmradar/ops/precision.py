"""The precision that operators compute in, whatever types their tensors come in."""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor


def computing_type(*tensors: Tensor | None) -> torch.dtype:
    """The widest type of the tensors, single precision at least, complex if one of them is; ``None`` are absent."""
    return reduce(torch.promote_types, (x.dtype for x in tensors if x is not None), torch.float32)


def shared_type(first: Tensor, *others: Tensor | None) -> torch.dtype:
    """The type of all tensors if it is the same, else float32: for kernels that take their tokens in one type."""
    return first.dtype if all(x is None or x.dtype == first.dtype for x in others) else torch.float32
