"""One cycle of the learning rate that respects the rates of parameter groups."""

from __future__ import annotations

from typing import Any

from mmengine.optim import OneCycleLR as MMEngineOneCycleLR

from mmradar.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class OneCycleLR(MMEngineOneCycleLR):
    """mmengine's ``OneCycleLR``, in which ``lr_mult`` and ``--auto-scale-lr`` count.

    mmengine takes every group of parameters up to the same maximum: those with ``lr_mult=0`` would be trained, too.
    Here, the maximum of a group is ``eta_max`` times the group's rate over the optimizer's ``lr``. Where all groups
    have the optimizer's rate, the two are equal.

    The class has the same name as mmengine's, so that configurations with ``default_scope = 'mmradar'`` get it.

    Args:
        eta_max: Maximum of the groups that have the optimizer's rate; a list gives the maximum of each group as it is.
    """

    def _format_param(self, name: str, optimizer: Any, param: Any) -> Any:
        rate = getattr(optimizer, 'optimizer', optimizer).defaults['lr']  # a wrapper has no defaults
        if isinstance(param, (int, float)) and rate:
            param = [param * (group['lr'] / rate) for group in optimizer.param_groups]
        return super()._format_param(name, optimizer, param)
