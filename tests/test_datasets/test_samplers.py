from types import SimpleNamespace

import numpy as np
import pytest

from mmradar.datasets import DisjointWindowSampler
from mmradar.errors import ConfigError
from mmradar.structures import RadarWindow


def dataset(lengths, num_frames=4, key='centre'):
    return SimpleNamespace(window=RadarWindow(num_frames, key), sequence_lengths=lambda: list(lengths))


def frames_of(sampler, lengths, window):
    """(sequence, frame) that each window of an epoch covers."""
    ends = np.cumsum([0, *lengths])
    for sample in sampler:
        sequence = int(np.searchsorted(ends, sample, side='right')) - 1
        for frame in window.frames(sample - ends[sequence], lengths[sequence]):
            yield sequence, int(frame)


@pytest.mark.parametrize('key', ['first', 'centre', 'last'])
def test_windows_lie_side_by_side_and_elsewhere_in_each_epoch(key):
    lengths = [13, 8, 4, 30]
    of = dataset(lengths, key=key)
    sampler = DisjointWindowSampler(of, seed=0)
    assert len(sampler) == len(list(sampler)) == 3 + 2 + 1 + 7
    seen, orders = set(), set()
    for epoch in range(30):
        sampler.set_epoch(epoch)
        covered = list(frames_of(sampler, lengths, of.window))
        assert len(set(covered)) == len(covered) == 4 * len(sampler)  # none twice
        assert all(frame < lengths[sequence] for sequence, frame in covered)
        seen |= set(covered)
        orders.add(tuple(sampler))
    assert len(seen) == sum(lengths) and len(orders) == 30
    sampler.set_epoch(3)
    assert list(sampler) == list(sampler)


def test_without_shuffling_they_begin_with_the_sequence():
    sampler = DisjointWindowSampler(dataset([9, 4], key='first'), shuffle=False)
    assert list(sampler) == [0, 4, 9]


def test_a_sequence_shorter_than_a_window_has_one():
    assert list(DisjointWindowSampler(dataset([3, 2], num_frames=8), shuffle=False)) == [1, 4]


def test_processes_share_the_windows(monkeypatch):
    import mmradar.datasets.samplers.disjoint_window_sampler as module

    found = []
    for rank in range(2):
        monkeypatch.setattr(module, 'get_dist_info', lambda rank=rank: (rank, 2))
        found.append(list(DisjointWindowSampler(dataset([13, 8]), seed=1)))
    assert len(found[0]) == len(found[1]) == 3
    monkeypatch.undo()
    assert set(found[0]) | set(found[1]) == set(DisjointWindowSampler(dataset([13, 8]), seed=1))


def test_joined_data_sets_and_those_that_know_no_sequences():
    joined = SimpleNamespace(datasets=[dataset([8], key='first'), dataset([4, 4], key='first')])
    assert list(DisjointWindowSampler(joined, shuffle=False)) == [0, 4, 8, 12]
    with pytest.raises(ConfigError, match="SimpleNamespace does not have; use sampler=dict\\(type='DefaultSampler'"):
        DisjointWindowSampler(SimpleNamespace())
