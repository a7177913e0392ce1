"""Display of the progress of a script."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from mmengine.hooks import Hook


def progress_bar(unit: str, width: int = 32) -> Callable[[int, int], None]:
    """Return a callback (done, total) that draws a bar on a terminal, or else prints a line every tenth of the way.

    The callback keeps writing to the current standard output, even if the standard output is redirected later.

    Args:
        unit: Name of what is counted, in the plural.
        width: Characters of the bar.
    """
    out = sys.stdout
    start, terminal, printed = time.perf_counter(), out.isatty(), -1

    def show(done: int, total: int) -> None:
        nonlocal printed
        share = done / max(total, 1)
        elapsed = time.perf_counter() - start
        left = f', {elapsed / share - elapsed:.0f} s left' if 0 < share < 1 else ''
        text = f'[{"#" * round(share * width):<{width}}] {done}/{total} {unit}, {elapsed:.0f} s{left}'
        if terminal:
            print(f'\r{text:<78}', end='\n' if done == total else '', file=out, flush=True)
        elif int(10 * share) > printed:
            printed = int(10 * share)
            print(text, file=out, flush=True)

    return show


class ProgressHook(Hook):
    """Hook that reports every step of a training, or every batch of a test.

    Args:
        on_progress: Called with (done, total): steps of all epochs, or batches. See :func:`progress_bar`.
    """

    def __init__(self, on_progress: Callable[[int, int], None]) -> None:
        self.on_progress = on_progress

    def after_train_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None) -> None:
        self.on_progress(runner.iter + 1, runner.max_iters)

    def after_test_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.on_progress(batch_idx + 1, len(runner.test_dataloader))
