"""Hook that makes an epoch's random numbers depend on the seed and the epoch alone."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import set_random_seed

from mmradar.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Hook that seeds all random generators at the start of every training epoch.

    A training that was interrupted and resumed thus draws the same numbers (dropout, augmentation) as an uninterrupted
    one, although mmengine's checkpoints do not contain the generators' states.
    """

    def before_train_epoch(self, runner) -> None:
        _set_epoch(runner.train_dataloader.dataset, runner.epoch)
        set_random_seed((runner.seed + 1_000_003 * (runner.epoch + 1)) % 2**32, diff_rank_seed=True)


def _set_epoch(dataset: Any, epoch: int) -> None:
    """Call ``set_epoch`` of a data set that has it (one that generates its samples), also inside wrappers."""
    if hasattr(dataset, 'set_epoch'):
        dataset.set_epoch(epoch)
    for inner in (getattr(dataset, 'dataset', None), *getattr(dataset, 'datasets', ())):
        if inner is not None:
            _set_epoch(inner, epoch)
