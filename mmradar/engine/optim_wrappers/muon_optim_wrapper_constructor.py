"""Optimizer wrapper constructor that selects the matrices for Muon."""

from __future__ import annotations

from typing import Any

from torch import nn

from mmradar.engine.optim_wrappers.default_optim_wrapper_constructor import DefaultOptimWrapperConstructor
from mmradar.registry import OPTIM_WRAPPER_CONSTRUCTORS

_MATRICES = {'weight', 'in_proj_weight', 'q_proj_weight', 'k_proj_weight', 'v_proj_weight'}


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MuonOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Constructor that makes the parameter groups of :class:`~mmradar.engine.optimizers.MuonAdamW`.

    Muon updates the weights of linear layers, convolutions and attention as matrices, with three exceptions: the last
    layer, whose rows are coordinates; weights with a side below ``smallest``; and weights of more than ``largest``
    elements, which cost more to orthogonalise than they gain on a CPU. AdamW updates the rest.

    Args:
        optim_wrapper_cfg: See mmengine's constructor.
        paramwise_cfg: See mmengine's constructor; additionally ``smallest`` (16), ``largest`` (200,000), and ``last``
            (``'to_coordinates'``), a substring of the names of modules whose parameters are left to AdamW.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        options = dict(paramwise_cfg or {})
        self.smallest, self.largest = options.pop('smallest', 16), options.pop('largest', 200_000)
        self.last = options.pop('last', 'to_coordinates')
        # mmengine makes one group per parameter only if this is not empty
        super().__init__(optim_wrapper_cfg, options or dict(bypass_duplicate=False))

    def add_params(self, params: list[dict], module: nn.Module, prefix: str = '', **kwargs: Any) -> None:
        """Add one group per parameter of ``module``, as mmengine does, and set its ``matrix``."""
        start = len(params)
        super().add_params(params, module, prefix, **kwargs)
        kinds = (nn.Linear, nn.modules.conv._ConvNd, nn.MultiheadAttention)
        own = {id(p): name for name, p in module.named_parameters(recurse=False)} if isinstance(module, kinds) else {}
        for group in params[start:]:
            (parameter,) = group['params']
            if id(parameter) not in own:
                continue
            sides = (len(parameter), parameter[0].numel())
            group['matrix'] = (
                own[id(parameter)] in _MATRICES
                and parameter.ndim > 1
                and min(sides) >= self.smallest
                and parameter.numel() <= self.largest
                and self.last not in prefix
            )
