"""Sampler of adjacent windows, for networks that are supervised in all frames of a window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmradar.errors import ConfigError
from mmradar.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class DisjointWindowSampler(Sampler):
    """Sampler of windows that do not overlap, so that each frame is seen at most once per epoch.

    A data set has one window for each frame. If all frames of a window are supervised, an epoch of all windows sees
    each frame T times. This sampler places as many windows as fit into a sequence one after another, starting at a
    random frame that changes in each epoch. A sequence shorter than a window gives the window around its middle.

    Args:
        dataset: A :class:`~mmradar.datasets.BaseRadarPoseDataset`, or several joined by ``ConcatDataset``.
        shuffle: Start at a random frame and shuffle the windows; otherwise they come in order, from the first frame of
            each sequence.
        seed: Random seed; if ``None``, one is drawn for all processes.
        round_up: Repeat some windows so that all processes get the same number.

    Raises:
        ConfigError: The data set has no ``sequence_lengths`` method.
    """

    def __init__(self, dataset, shuffle: bool = True, seed: int | None = None, round_up: bool = True) -> None:
        self.rank, self.world_size = get_dist_info()
        self.shuffle, self.round_up, self.epoch = shuffle, round_up, 0
        self.seed = sync_random_seed() if seed is None else seed
        sequences = [sequence for part in _parts(dataset) for sequence in _sequences(part)]
        starts = np.cumsum([0, *(length for length, _, _ in sequences)])[:-1]
        self.sequences = [(int(start), *sequence) for start, sequence in zip(starts, sequences)]
        self.size = len(self._windows(np.random.default_rng(0)))

    def _windows(self, rng: np.random.Generator) -> list[int]:
        """Return the samples of an epoch; their number is the same in each epoch."""
        windows = []
        for start, length, num_frames, key in self.sequences:
            count = max(1, length // num_frames)
            spare = length - count * num_frames
            first = int(rng.integers(spare + 1)) if self.shuffle and spare > 0 else 0
            keys = first + key + num_frames * np.arange(count) if spare >= 0 else [length // 2]
            windows += [start + int(frame) for frame in keys]
        return windows

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, self.epoch])
        windows = self._windows(rng)
        if self.shuffle:
            windows = [windows[index] for index in rng.permutation(len(windows))]
        if self.round_up:
            windows = (windows * self.world_size)[: len(self) * self.world_size]
        yield from windows[self.rank :: self.world_size]

    def __len__(self) -> int:
        """Return the number of samples of this process."""
        if self.round_up:
            return -(-self.size // self.world_size)
        return len(range(self.rank, self.size, self.world_size))

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which changes starting frames and order; called by mmengine's ``DistSamplerSeedHook``."""
        self.epoch = epoch


def _parts(dataset) -> Sequence:
    return [part for each in dataset.datasets for part in _parts(each)] if hasattr(dataset, 'datasets') else [dataset]


def _sequences(dataset) -> list[tuple[int, int, int]]:
    """Return, for each sequence of a data set, its length, frames per window and the key frame's index in a window."""
    if not hasattr(dataset, 'sequence_lengths'):
        raise ConfigError(
            'DisjointWindowSampler needs a data set with sequence_lengths(), which '
            f"{type(dataset).__name__} does not have; use sampler=dict(type='DefaultSampler', shuffle=True)"
        )
    window = dataset.window
    return [(length, window.num_frames, window.key_index) for length in dataset.sequence_lengths()]
