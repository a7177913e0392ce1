"""Optimizers that keep weight decay off the parameters that ask for it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from mmengine.logging import print_log
from mmengine.optim import DefaultOptimWrapperConstructor as MMEngineConstructor
from mmengine.optim import OptimWrapper
from torch import nn

from mmradar.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIMIZERS


class _Grouped:
    """Parameter groups, where mmengine asks a model for its parameters."""

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        self.groups = groups

    def parameters(self) -> list[dict[str, Any]]:
        return self.groups


def _decays_not(parameter: nn.Parameter) -> bool:
    return getattr(parameter, '_no_weight_decay', False)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DefaultOptimWrapperConstructor(MMEngineConstructor):
    """mmengine's constructor, which reads ``_no_weight_decay`` too.

    A parameter with ``_no_weight_decay = True``, Mamba's mark for A, D and the bias of the step sizes, does not decay,
    whatever the optimizer. ``paramwise_cfg`` means what it does in mmengine; its multipliers of the decay multiply zero
    for these parameters. A model without any, or an optimizer without decay, is built as mmengine builds it.

    It has the name of mmengine's, so that every configuration with ``default_scope = 'mmradar'`` and without a
    ``constructor`` of its own is built by it.

    Args:
        optim_wrapper_cfg, paramwise_cfg: As mmengine's.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        super().__init__(optim_wrapper_cfg, paramwise_cfg)
        self.weight_decay = _weight_decay(self.optimizer_cfg)

    def add_params(self, params: list[dict], module: nn.Module, *args: Any, **kwargs: Any) -> None:
        """One group for each parameter of ``module``, as mmengine; called if there is a ``paramwise_cfg``."""
        start = len(params)
        super().add_params(params, module, *args, **kwargs)
        for group in params[start:]:
            if _decays_not(group['params'][0]) and group.get('weight_decay', self.weight_decay):
                group['weight_decay'] = 0.0

    def __call__(self, model: nn.Module) -> OptimWrapper:
        parameters = list(model.parameters())
        exempt = [parameter for parameter in parameters if _decays_not(parameter)]
        if exempt and self.weight_decay:
            print_log(f'{len(exempt)} of {len(parameters)} parameters do not decay, as their layers ask', 'current')
        if self.paramwise_cfg or not exempt or not self.weight_decay:
            return super().__call__(model)
        others = [parameter for parameter in parameters if not _decays_not(parameter)]
        return super().__call__(_Grouped([*_group(others), *_group(exempt, weight_decay=0.0)]))


def _group(parameters: list[nn.Parameter], **settings: float) -> Iterable[dict[str, Any]]:
    """A group, unless it would be empty."""
    return [dict(params=parameters, **settings)] if parameters else []


def _weight_decay(optimizer_cfg: dict[str, Any]) -> float:
    """What an optimizer decays by, if no group says otherwise; AdamW does without being told."""
    kind = optimizer_cfg['type']
    kind = OPTIMIZERS.get(kind) if isinstance(kind, str) else kind
    default = kind and inspect.signature(kind).parameters.get('weight_decay')
    decay = optimizer_cfg.get('weight_decay', default.default if default else 0.0)
    return decay if isinstance(decay, (int, float)) else 0.0
