"""Keeps checkpoints free of code, and refuses those of another model."""

from __future__ import annotations

import itertools

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper

from mmradar.engine.checkpoint import check_optimizer_state, check_state_dict
from mmradar.registry import HOOKS


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """Compares a checkpoint's weights with the model's before they are loaded; saves no functions.

    A checkpoint that holds a function (``OneCycleLR`` saves its annealing method) could be read only by running code
    from it. A scheduler has its own functions and needs none back.

    mmengine loads what fits and leaves the rest at random, with a warning. To fine-tune from other weights on purpose,
    remove the hook from ``custom_hooks``. To go on with a training, its optimizer's state must fit as well.

    Raises:
        CheckpointError: From :func:`mmradar.engine.checkpoint.check_state_dict` and
            :func:`mmradar.engine.checkpoint.check_optimizer_state`.
    """

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        schedulers = checkpoint.get('param_schedulers', [])
        for state in schedulers if isinstance(schedulers, list) else itertools.chain(*schedulers.values()):
            for key in [key for key, value in state.items() if callable(value)]:
                del state[key]

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        source = str(runner._load_from or 'the checkpoint')
        check_state_dict(model, checkpoint.get('state_dict', checkpoint), source)
        if runner._resume and 'optimizer' in checkpoint and isinstance(runner.optim_wrapper, OptimWrapper):
            check_optimizer_state(runner.optim_wrapper.state_dict(), checkpoint['optimizer'], source)
