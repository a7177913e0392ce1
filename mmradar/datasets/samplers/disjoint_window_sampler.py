"""Windows side by side, for networks that are supervised in all frames of a window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmradar.errors import ConfigError
from mmradar.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class DisjointWindowSampler(Sampler):
    """Every frame once an epoch, in windows that do not overlap and begin elsewhere in each epoch.

    A data set has a window for every frame. Where all frames of a window are supervised, an epoch of all windows sees
    each frame T times. Here as many windows as fit into a sequence follow each other, from a random frame on. Of a
    sequence shorter than a window, the one around its middle is taken.

    Args:
        dataset: A :class:`~mmradar.datasets.BaseRadarPoseDataset`, or several joined by ``ConcatDataset``.
        shuffle: Off, windows come in order and begin with each sequence.
        seed: Of the random choice; one drawn for all processes if ``None``.
        round_up: Whether every process gets equally many, some windows twice.

    Raises:
        ConfigError: A data set that does not say how long its sequences are.
    """

    def __init__(self, dataset, shuffle: bool = True, seed: int | None = None, round_up: bool = True) -> None:
        self.rank, self.world_size = get_dist_info()
        self.shuffle, self.round_up, self.epoch = shuffle, round_up, 0
        self.seed = sync_random_seed() if seed is None else seed
        self.sequences = [sequence for part in _parts(dataset) for sequence in _sequences(part)]
        starts = np.cumsum([0, *(length for length, _, _ in self.sequences)])[:-1]
        self.sequences = [(int(start), *sequence) for start, sequence in zip(starts, self.sequences)]
        self.size = len(self._windows(np.random.default_rng(0)))

    def _windows(self, rng: np.random.Generator) -> list[int]:
        """Samples of an epoch, equally many in each."""
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
            windows = [windows[place] for place in rng.permutation(len(windows))]
        if self.round_up:
            windows = (windows * self.world_size)[: len(self) * self.world_size]
        yield from windows[self.rank :: self.world_size]

    def __len__(self) -> int:
        """Samples of this process."""
        if self.round_up:
            return -(-self.size // self.world_size)
        return len(range(self.rank, self.size, self.world_size))

    def set_epoch(self, epoch: int) -> None:
        """Begin elsewhere, in another order; mmengine's ``DistSamplerSeedHook`` calls it."""
        self.epoch = epoch


def _parts(dataset) -> Sequence:
    return [part for each in dataset.datasets for part in _parts(each)] if hasattr(dataset, 'datasets') else [dataset]


def _sequences(dataset) -> list[tuple[int, int, int]]:
    """Length, frames of a window, and number of the key frame in it, of each sequence of a data set."""
    if not hasattr(dataset, 'sequence_lengths'):
        raise ConfigError(
            f'DisjointWindowSampler needs a data set with sequence_lengths(), which {type(dataset).__name__} has not; '
            "take sampler=dict(type='DefaultSampler', shuffle=True)"
        )
    window = dataset.window
    return [(length, window.num_frames, window.key_index) for length in dataset.sequence_lengths()]
