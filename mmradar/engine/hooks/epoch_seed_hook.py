"""Hook that makes an epoch's random numbers depend on the seed and the epoch alone."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, set_random_seed

from mmradar.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Hook that seeds all random generators at the start of every training epoch.

    A training that was interrupted and resumed thus draws the same numbers (dropout, augmentation) as an uninterrupted
    one, although mmengine's checkpoints do not contain the generators' states.
    """

    def before_train_epoch(self, runner) -> None:
        by_iteration = isinstance(runner.train_loop, IterBasedTrainLoop)  # all of it is one epoch for mmengine
        epoch = runner.iter // len(runner.train_dataloader) if by_iteration else runner.epoch
        _set_epoch(runner.train_dataloader.dataset, epoch)
        set_random_seed((runner.seed + 1_000_003 * (runner.epoch + 1)) % 2**32, diff_rank_seed=True)

    def before_train_iter(self, runner, batch_idx: int, data_batch: Any = None) -> None:
        """In a training by iterations, tell the data set of the next epoch once its last batch has been loaded."""
        if isinstance(runner.train_loop, IterBasedTrainLoop) and (runner.iter + 1) % len(runner.train_dataloader) == 0:
            _set_epoch(runner.train_dataloader.dataset, (runner.iter + 1) // len(runner.train_dataloader))


def _set_epoch(dataset: Any, epoch: int) -> None:
    """Call ``set_epoch`` of a data set that has it (one that generates its samples), also inside wrappers."""
    if hasattr(dataset, 'set_epoch'):
        dataset.set_epoch(epoch)
    for inner in (getattr(dataset, 'dataset', None), *getattr(dataset, 'datasets', ())):
        if inner is not None:
            _set_epoch(inner, epoch)
