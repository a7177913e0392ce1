"""Base of all data sets of clips: random numbers that do not depend on workers, and epochs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from mmpose.datasets.datasets.base import BaseCocoStyleDataset

from mmradar.datasets.follows_epochs import FollowsEpochs
from mmradar.errors import ConfigError


class ClipDataset(FollowsEpochs, BaseCocoStyleDataset):
    """Base of top-down data sets of clips.

    All random numbers of a sample, including its augmentation, depend on ``seed``, epoch and sample number only, not on
    the workers or on earlier samples.

    Args:
        seed: Random seed, 0 or more.
        **kwargs: See mmpose's ``BaseCocoStyleDataset``.

    Raises:
        ConfigError: If the seed is negative, or ``data_mode`` is not ``'topdown'``.
    """

    def __init__(self, *args, seed: int = 0, **kwargs) -> None:
        if seed < 0:
            raise ConfigError(f'{type(self).__name__}.seed must be 0 or more, found {seed}')
        if kwargs.get('data_mode', 'topdown') != 'topdown':
            raise ConfigError(f'{type(self).__name__} is top-down, found data_mode={kwargs["data_mode"]!r}')
        self.seed = seed
        super().__init__(*args, **kwargs)

    def rng(self, idx: int, purpose: int = 0) -> np.random.Generator:
        """Return the random generator of one sample in this epoch.

        Args:
            idx: Number of the sample.
            purpose: Different numbers give independent generators.
        """
        return np.random.default_rng([self.seed, self.epoch, idx, purpose])

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one sample; a bad sample raises, where mmengine would silently replace it."""
        self.full_init()
        with numpy_seed(self.rng(idx, purpose=1)):
            return super().prepare_data(idx)


@contextmanager
def numpy_seed(rng: np.random.Generator) -> Iterator[None]:
    """Seed numpy's global generator, which mmpose's transforms use, within a block; restore its state afterwards."""
    before = np.random.get_state()
    np.random.seed(rng.integers(2**32, size=4, dtype=np.uint32))
    try:
        yield
    finally:
        np.random.set_state(before)
