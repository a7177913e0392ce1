"""Frames kept in memory."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from mmradar.datasets.cache import MemoryCache
from mmradar.datasets.frame_stage import window_arrays
from mmradar.errors import ConfigError

RECORDINGS = dict(hori=SimpleNamespace(path='h.bin', file=True), vert=SimpleNamespace(path='v.bin', file=True))


class Source:
    """A heatmap that tells its view and frame, and a record of which were made."""

    def __init__(self):
        self.made = []

    def __call__(self, view, recording, frames):
        self.made.extend((view, int(frame)) for frame in frames)
        number = {'hori': 100, 'vert': 200}[view]
        return dict(heatmap=np.asarray([[number + frame] for frame in frames], np.float32))


def window(cache, *frames, recordings=RECORDINGS):
    return window_arrays(cache, recordings, np.array(frames))['heatmap'][..., 0]


@pytest.mark.no_shape_checks
def test_consecutive_windows_make_each_frame_once():
    cache = MemoryCache(Source(), 6)
    np.testing.assert_array_equal(window(cache, 0, 0, 1), [[100, 200], [100, 200], [101, 201]])
    np.testing.assert_array_equal(window(cache, 0, 1, 2), [[100, 200], [101, 201], [102, 202]])
    window(cache, 1, 2, 3)
    assert sorted(cache.source.made) == [(view, frame) for view in ('hori', 'vert') for frame in range(4)]


@pytest.mark.no_shape_checks
def test_only_so_many_are_kept():
    cache = MemoryCache(Source(), 2)
    window(cache, 0, 1)
    assert len(cache._frames) == 2
    np.testing.assert_array_equal(window(cache, 0, 1), [[100, 200], [101, 201]])
    assert cache.source.made.count(('hori', 0)) == 2
    with pytest.raises(ConfigError, match='keeps at least 1 frame, found 0'):
        MemoryCache(Source(), 0)


@pytest.mark.no_shape_checks
def test_what_comes_out_may_be_changed():
    cache = MemoryCache(Source(), 6)
    window(cache, 0, 1)[:] = -1
    np.testing.assert_array_equal(window(cache, 0, 1), [[100, 200], [101, 201]])


@pytest.mark.no_shape_checks
def test_workers_get_no_frames_along():
    cache = MemoryCache(Source(), 6)
    window(cache, 0, 1)
    assert not pickle.loads(pickle.dumps(cache))._frames


@pytest.mark.no_shape_checks
def test_recordings_in_memory_are_not_taken_for_each_other():
    """They have no file, and two may have one name."""
    cache = MemoryCache(Source(), 6)
    nameless = dict(hori=SimpleNamespace(path='h.bin', file=None))
    window(cache, 0, 1, recordings=nameless)
    window(cache, 0, 1, recordings=nameless)
    assert cache.source.made == [('hori', 0), ('hori', 1)] * 2 and not cache._frames
