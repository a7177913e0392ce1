"""Makes an epoch's random numbers depend on the seed and the epoch alone."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import set_random_seed

from mmradar.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seeds all generators at the start of every training epoch.

    A training that was interrupted and resumed thus draws the same numbers (dropout, augmentation) as one that was
    not: mmengine's checkpoints do not hold the generators' states.
    """

    def before_train_epoch(self, runner) -> None:
        dataset = runner.train_dataloader.dataset
        if hasattr(dataset, 'set_epoch'):  # one that makes its samples itself
            dataset.set_epoch(runner.epoch)
        set_random_seed((runner.seed + 1_000_003 * (runner.epoch + 1)) % 2**32, diff_rank_seed=True)
