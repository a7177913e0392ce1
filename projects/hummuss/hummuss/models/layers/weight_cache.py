"""A cache of what inference computes from weights, valid until they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor


class WeightCacheModule(BaseModule):
    """A module that computes something from its weights which inference need not compute again for each input."""

    def __init__(self, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self._cache: dict[str, tuple[Any, Any]] = {}

    def _cached(self, name: str, key: tuple, weights: Iterable[Tensor], compute: Callable[[], Any]) -> Any:
        """The result of ``compute``; without gradients it is kept until key or weights change.

        One result of each name is kept, so that memory does not grow with the number of different clips.
        """
        if torch.is_grad_enabled():
            return compute()
        key = (key, *((weight.data_ptr(), weight._version) for weight in weights))
        if name not in self._cache or self._cache[name][0] != key:
            self._cache[name] = (key, compute())
        return self._cache[name][1]

    def train(self, mode: bool = True) -> WeightCacheModule:
        """Also empty the cache: weights written through ``.data``, as an EMA hook does, look as unchanged as
        before. Who writes so between inferences calls ``eval()`` again.
        """
        self._cache = {}
        return super().train(mode)

    def __getstate__(self) -> dict:  # the cache is neither copied nor pickled
        return {**self.__dict__, '_cache': {}}
