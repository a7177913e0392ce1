"""Optimizer wrapper constructor that exempts marked parameters from weight decay."""

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
    """Parameter groups in the place of a model, which mmengine asks for its parameters."""

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        self.groups = groups

    def parameters(self) -> list[dict[str, Any]]:
        return self.groups


def _is_exempt(parameter: nn.Parameter) -> bool:
    return getattr(parameter, '_no_weight_decay', False)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DefaultOptimWrapperConstructor(MMEngineConstructor):
    """mmengine's constructor, which also respects ``_no_weight_decay``.

    A parameter with ``_no_weight_decay = True``, Mamba's mark for A, D and the bias of the step sizes, does not decay
    under any optimizer. ``paramwise_cfg`` has its meaning of mmengine; its decay multipliers have no effect on these
    parameters, whose decay is zero. Models without such parameters, and optimizers without decay, are built exactly as
    by mmengine.

    The class has the same name as mmengine's, so that it builds every configuration with
    ``default_scope = 'mmradar'`` that names no ``constructor``.

    Args:
        optim_wrapper_cfg, paramwise_cfg: See mmengine's constructor.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        super().__init__(optim_wrapper_cfg, paramwise_cfg)
        self.weight_decay = _weight_decay(self.optimizer_cfg)

    def add_params(self, params: list[dict], module: nn.Module, *args: Any, **kwargs: Any) -> None:
        """Add one group per parameter of ``module``, as mmengine does; called only if there is a ``paramwise_cfg``."""
        start = len(params)
        super().add_params(params, module, *args, **kwargs)
        for group in params[start:]:
            if _is_exempt(group['params'][0]) and group.get('weight_decay', self.weight_decay):
                group['weight_decay'] = 0.0

    def __call__(self, model: nn.Module) -> OptimWrapper:
        parameters = list(model.parameters())
        exempt = [parameter for parameter in parameters if _is_exempt(parameter)]
        if exempt and self.weight_decay:
            print_log(f'{len(exempt)} of {len(parameters)} parameters do not decay, as their layers ask', 'current')
        if self.paramwise_cfg or not exempt or not self.weight_decay:
            return super().__call__(model)
        others = [parameter for parameter in parameters if not _is_exempt(parameter)]
        grouped = _Grouped([*_group(others), *_group(exempt, weight_decay=0.0)])
        # mmengine calls nothing but parameters() of what it annotates as a module
        return super().__call__(grouped)  # pyright: ignore[reportArgumentType]


def _group(parameters: list[nn.Parameter], **settings: float) -> Iterable[dict[str, Any]]:
    """Return a list of one group, or of none if there are no parameters."""
    return [dict(params=parameters, **settings)] if parameters else []


def _weight_decay(optimizer_cfg: dict[str, Any]) -> float:
    """Return an optimizer's weight decay: the configured one, or else its default (AdamW's is not zero)."""
    kind = optimizer_cfg['type']
    kind = OPTIMIZERS.get(kind) if isinstance(kind, str) else kind
    default = kind and inspect.signature(kind).parameters.get('weight_decay')
    decay = optimizer_cfg.get('weight_decay', default.default if default else 0.0)
    return decay if isinstance(decay, (int, float)) else 0.0
