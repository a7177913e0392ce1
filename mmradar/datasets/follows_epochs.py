"""Epochs, for data sets that make or change their samples themselves."""

from __future__ import annotations

import torch


class FollowsEpochs:
    """Knows the epoch, in the loader's workers too; comes before the data set's own base class.

    mmradar's ``EpochSeedHook``, which is in its default runtime, tells of a new epoch; without it every epoch is like
    the first.
    """

    def __init__(self, *args, **kwargs) -> None:
        # shared, so that workers that stay alive learn of a new epoch
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()
        super().__init__(*args, **kwargs)

    @property
    def epoch(self) -> int:
        """The epoch, from 0 on."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Make other samples, where they are to be fresh; ``EpochSeedHook`` calls it."""
        self._epoch[0] = epoch
