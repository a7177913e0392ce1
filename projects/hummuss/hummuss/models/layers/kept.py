"""What inference makes of weights, kept until they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor


class KeepsPrepared(BaseModule):
    """A module that computes something from its weights which inference need not compute again for each input."""

    def __init__(self, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self._prepared: dict[str, tuple[Any, Any]] = {}

    def _once(self, name: str, key: tuple, weights: Iterable[Tensor], prepare: Callable[[], Any]) -> Any:
        """The result of ``prepare``; without gradients it is kept until key or weights change.

        One result of each name is kept, so that memory does not grow with the number of different clips.
        """
        if torch.is_grad_enabled():
            return prepare()
        key = (key, *((weight.data_ptr(), weight._version) for weight in weights))
        if name not in self._prepared or self._prepared[name][0] != key:
            self._prepared[name] = (key, prepare())
        return self._prepared[name][1]

    def train(self, mode: bool = True) -> KeepsPrepared:
        """Also forget what is kept: weights written through ``.data``, as an EMA hook does, look as unchanged as
        before. Who writes so between inferences calls ``eval()`` again.
        """
        self._prepared = {}
        return super().train(mode)

    def __getstate__(self) -> dict:  # what is kept for speed is neither copied nor pickled
        return {**self.__dict__, '_prepared': {}}
