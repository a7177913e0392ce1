"""Progress of a training or a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmengine.hooks import Hook


class ProgressHook(Hook):
    """Hook that reports every step of a training, or every batch of a test.

    Args:
        on_progress: Called with (done, total): steps of all epochs, or batches. See :func:`~mmradar.cli.progress_bar`.
    """

    def __init__(self, on_progress: Callable[[int, int], None]) -> None:
        self.on_progress = on_progress

    def after_train_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None) -> None:
        self.on_progress(runner.iter + 1, runner.max_iters)

    def after_test_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.on_progress(batch_idx + 1, len(runner.test_dataloader))
