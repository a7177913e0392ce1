"""Cache of tensors that depend only on the size of the input."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


class PerSizeCache:
    """Cache that makes the index tensors or embeddings of a size on first use; checkpoints do not contain them.

    Args:
        make: Function from a size, such as (T, H, W), to a tuple of tensors.
    """

    def __init__(self, make: Callable[..., tuple[Tensor, ...]]) -> None:
        self.make = make
        self._cache: dict[tuple, tuple[Tensor, ...]] = {}

    def __call__(self, size: tuple[int, ...], device: torch.device) -> tuple[Tensor, ...]:
        key = (size, device)
        if key not in self._cache:
            # a tensor made within inference_mode could not be used in training later
            with torch.inference_mode(False):
                self._cache[key] = tuple(tensor.to(device) for tensor in self.make(*size))
        return self._cache[key]
