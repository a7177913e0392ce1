"""Mixin that tells a data set the current epoch, for data sets whose samples depend on it."""

from __future__ import annotations

import torch


class FollowsEpochs:
    """Mixin that knows the current epoch, also in data loader workers; list it before the data set's base class.

    mmradar's ``EpochSeedHook``, part of its default runtime, sets the epoch; without it every epoch is like the first.
    """

    def __init__(self, *args, **kwargs) -> None:
        # in shared memory, so that persistent workers see a new epoch
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()
        super().__init__(*args, **kwargs)

    @property
    def epoch(self) -> int:
        """The current epoch, counted from 0."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which changes the samples of data sets that make new ones; called by ``EpochSeedHook``."""
        self._epoch[0] = epoch
