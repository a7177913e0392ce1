"""Cache of values that inference computes from weights, valid until the weights change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor


class WeightCacheModule(BaseModule):
    """Base class of modules that cache values computed from their weights, so that inference computes them once."""

    def __init__(self, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self._cache: dict[str, tuple[Any, Any]] = {}

    def _cached(self, name: str, key: tuple, weights: Iterable[Tensor], compute: Callable[[], Any]) -> Any:
        """Return the result of ``compute``; without gradients it is cached until the key or weights change.

        Only one result is cached for each name, so that memory does not grow with the number of different clips.
        """
        if torch.is_grad_enabled():
            return compute()
        key = (key, *((weight.data_ptr(), weight._version) for weight in weights))
        if name not in self._cache or self._cache[name][0] != key:
            self._cache[name] = (key, compute())
        return self._cache[name][1]

    def train(self, mode: bool = True) -> WeightCacheModule:
        """Set the mode and empty the cache.

        Writing to weights through ``.data``, as an EMA hook does, cannot be detected: call ``eval()`` again after it.
        """
        self._cache = {}
        return super().train(mode)

    def __getstate__(self) -> dict:  # the cache is neither copied nor pickled
        return {**self.__dict__, '_cache': {}}
