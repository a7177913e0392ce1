"""Hook that keeps code out of checkpoints, stores the configuration in them, and refuses those of another model."""

from __future__ import annotations

import itertools

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper

from mmradar.engine.checkpoint import check_optimizer_state, check_state_dict, config_text, settings_of_checkpoint
from mmradar.engine.input_changes import input_changes
from mmradar.registry import HOOKS


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """Hook that checks a checkpoint's weights before they are loaded, and saves the configuration but no functions.

    The configuration is saved as JSON, so that the checkpoint alone makes a model: ``init_model(checkpoint)``.

    A checkpoint that contains a function (``OneCycleLR`` saves its annealing method) could be read only by running code
    from it. A scheduler has its own functions and does not need the saved ones.

    mmengine loads the weights that fit and leaves the rest random, with a warning; this hook raises. Resuming also
    requires an optimizer state that fits. mmengine takes learning rate and schedules from that state; the hook logs
    where they differ from the configuration, and where views, radar or pipeline differ from those of the checkpoint's
    training.

    Args:
        strict: Refuse weights of another model. Without, as for fine-tuning on purpose from a model with other layers,
            those that fit are loaded, and mmengine's warning lists the rest.

    Raises:
        CheckpointError: See :func:`mmradar.engine.checkpoint.check_state_dict` and
            :func:`mmradar.engine.checkpoint.check_optimizer_state`.
    """

    def __init__(self, strict: bool = True) -> None:
        self.strict = strict

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        schedulers = checkpoint.get('param_schedulers', [])
        for state in schedulers if isinstance(schedulers, list) else itertools.chain(*schedulers.values()):
            for key in [key for key, value in state.items() if callable(value)]:
                del state[key]
        checkpoint['meta']['config_json'] = config_text(runner.cfg)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        source = str(runner._load_from or 'the checkpoint')
        if self.strict or runner._resume:
            check_state_dict(model, checkpoint.get('state_dict', checkpoint), source)
        if changes := input_changes(runner.cfg, checkpoint):
            runner.logger.warning(f'{source} was trained on another input: here, {"; ".join(changes)}.')
        if runner._resume and 'optimizer' in checkpoint and isinstance(runner.optim_wrapper, OptimWrapper):
            own, state = runner.optim_wrapper.state_dict(), checkpoint['optimizer']
            check_optimizer_state(own, state, source)
            schedulers, saved = runner.param_schedulers, checkpoint.get('param_schedulers')
            if not (isinstance(schedulers, list) and isinstance(saved, list)):
                schedulers, saved = [], []
            names = [f'{type(scheduler).__name__} {number}' for number, scheduler in enumerate(schedulers)]
            states = [scheduler.state_dict() for scheduler in schedulers]
            if kept := settings_of_checkpoint(own, state, dict(zip(names, states)), dict(zip(names, saved))):
                runner.logger.warning(
                    f'{source} is resumed with its own settings, and those of the configuration do not count: '
                    f'{"; ".join(kept)}. To train on from its weights with the latter: load_from without --resume.'
                )
