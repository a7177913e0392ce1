"""What all data sets of clips share: seeds that workers do not change, and epochs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from mmpose.datasets.datasets.base import BaseCocoStyleDataset

from mmradar.datasets.follows_epochs import FollowsEpochs
from mmradar.errors import ConfigError


class ClipDataset(FollowsEpochs, BaseCocoStyleDataset):
    """Base of data sets of clips, top-down.

    Everything random of a sample, its augmentation too, depends on ``seed``, epoch and number alone, not on the workers
    or on the samples before it.

    Args:
        seed: Of everything random, 0 or more.
        **kwargs: As mmpose's ``BaseCocoStyleDataset``.

    Raises:
        ConfigError: A negative seed, or a ``data_mode`` other than ``'topdown'``.
    """

    def __init__(self, *args, seed: int = 0, **kwargs) -> None:
        if seed < 0:
            raise ConfigError(f'{type(self).__name__}.seed must be 0 or more, found {seed}')
        if kwargs.get('data_mode', 'topdown') != 'topdown':
            raise ConfigError(f'{type(self).__name__} is top-down, found data_mode={kwargs["data_mode"]!r}')
        self.seed = seed
        super().__init__(*args, **kwargs)

    def rng(self, idx: int, purpose: int = 0) -> np.random.Generator:
        """The generator of one sample in this epoch.

        Args:
            idx: Number of the sample.
            purpose: Another number gives independent draws.
        """
        return np.random.default_rng([self.seed, self.epoch, idx, purpose])

    def prepare_data(self, idx: int) -> Any:
        """One sample through the pipeline. A bad one is an error; mmengine would quietly train on another."""
        self.full_init()
        with numpy_seed(self.rng(idx, purpose=1)):
            return super().prepare_data(idx)


@contextmanager
def numpy_seed(rng: np.random.Generator) -> Iterator[None]:
    """Seeds numpy's global generator, which mmpose's transforms draw from, for a while."""
    before = np.random.get_state()
    np.random.seed(rng.integers(2**32, size=4, dtype=np.uint32))
    try:
        yield
    finally:
        np.random.set_state(before)
