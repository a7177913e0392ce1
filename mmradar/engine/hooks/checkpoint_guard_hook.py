"""Keeps checkpoints free of code, and refuses those of another model."""

from __future__ import annotations

import itertools

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmradar.engine.checkpoint import check_state_dict
from mmradar.registry import HOOKS


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """Compares a checkpoint's weights with the model's before they are loaded; saves no functions.

    A checkpoint that holds a function (``OneCycleLR`` saves its annealing method) could be read only by running code
    from it. A scheduler has its own functions and needs none back.

    mmengine loads what fits and leaves the rest at random, with a warning. To fine-tune from other weights on purpose,
    remove the hook from ``custom_hooks``.

    Raises:
        CheckpointError: From :func:`mmradar.engine.checkpoint.check_state_dict`.
    """

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        schedulers = checkpoint.get('param_schedulers', [])
        for state in schedulers if isinstance(schedulers, list) else itertools.chain(*schedulers.values()):
            for key in [key for key, value in state.items() if callable(value)]:
                del state[key]

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        check_state_dict(model, checkpoint.get('state_dict', checkpoint), str(runner._load_from or 'the checkpoint'))
