"""Sampler of pairs of one class, for contrastive losses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmradar.errors import ConfigError
from mmradar.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class ClassPairSampler(Sampler):
    """Sampler in whose shuffled order two samples of one class always follow each other.

    A batch of even size therefore contains a partner for each sample, which contrastive losses need. With shuffling
    alone, of 32 samples of 100 classes only a quarter would have one. Each sample occurs once per epoch; in a class
    with an odd number of samples, one of them occurs twice.

    Args:
        dataset: Data set with mmengine's ``get_cat_ids(index)``, which returns the class of a sample in a list.
        seed: Random seed; if ``None``, one is drawn for all processes.

    Raises:
        ConfigError: The data set is empty or has no ``get_cat_ids``, or a class has only one sample.
    """

    def __init__(self, dataset, seed: int | None = None) -> None:
        self.rank, self.world_size = get_dist_info()
        self.seed, self.epoch = sync_random_seed() if seed is None else seed, 0
        classes = defaultdict(list)
        for index in range(len(dataset)):
            classes[_class_of(dataset, index)].append(index)
        if not classes:
            raise ConfigError('ClassPairSampler: the data set is empty')
        if alone := sorted(label for label, samples in classes.items() if len(samples) == 1):
            raise ConfigError(
                'ClassPairSampler needs two or more samples of each class; found one only of '
                f'{", ".join(map(str, alone))}. Leave these classes out, or use '
                'sampler=dict(type="DefaultSampler", shuffle=True)'
            )
        self.classes = [np.array(samples) for samples in classes.values()]
        self.pairs = sum(-(-len(samples) // 2) for samples in self.classes)

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, self.epoch])
        pairs = np.concatenate([_pairs(rng.permutation(samples)) for samples in self.classes])
        pairs = np.resize(rng.permutation(pairs), (len(self) // 2 * self.world_size, 2))  # the same number for each
        yield from map(int, pairs[self.rank :: self.world_size].ravel())

    def __len__(self) -> int:
        """Return the number of samples of this process."""
        return 2 * -(-self.pairs // self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which changes pairs and order; called by mmengine's ``DistSamplerSeedHook``."""
        self.epoch = epoch


def _pairs(samples: np.ndarray) -> np.ndarray:
    """Return samples in rows of two; of an odd number, the first is taken again at the end."""
    return np.resize(samples, (-(-len(samples) // 2), 2))


def _class_of(dataset, index: int) -> int:
    try:
        return int(dataset.get_cat_ids(index)[0])
    except (AttributeError, NotImplementedError):
        raise ConfigError(
            f'ClassPairSampler needs a data set with get_cat_ids(index), which {type(dataset).__name__} does not have; '
            "use sampler=dict(type='DefaultSampler', shuffle=True)"
        ) from None
