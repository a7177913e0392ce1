"""Hook that measures how long a training takes, over interruptions."""

from __future__ import annotations

import time

from mmengine.hooks import Hook

from mmradar.registry import HOOKS

_KEY = 'training_s'


@HOOKS.register_module()
class TrainingTimeHook(Hook):
    """Hook that counts the seconds of a training, without validation, and keeps them in its checkpoints.

    A training that resumes goes on counting from its checkpoint, so that work which was lost is not counted.

    Attributes:
        seconds: The time so far.
    """

    priority = 'VERY_HIGH'  # before the hook that writes checkpoints

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = 0.0

    def before_train(self, runner) -> None:
        self.seconds = runner.message_hub.runtime_info.get(_KEY, 0.0)

    def before_train_epoch(self, runner) -> None:
        self._last = time.perf_counter()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        now = time.perf_counter()
        self.seconds, self._last = self.seconds + now - self._last, now
        runner.message_hub.update_info(_KEY, self.seconds)
