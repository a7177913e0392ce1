import pickle

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform

from mmradar.datasets.transforms import KeepFrames
from mmradar.errors import ConfigError
from mmradar.registry import DATASETS, TRANSFORMS

made = []


@TRANSFORMS.register_module(force=True)
class CountingSteps(BaseTransform):
    """A heatmap that tells its view and frame, and a record of which were made."""

    def transform(self, results):
        ((view, _),) = results['adc_paths'].items()
        made.extend((view, int(frame)) for frame in results['frame_indices'])
        number = {'hori': 100, 'vert': 200}[view]
        results['heatmap'] = np.asarray([[[number + frame]] for frame in results['frame_indices']], np.float32)
        return results


def window(keep, *frames):
    paths = dict(hori='h.bin', vert='v.bin')
    return keep(dict(adc_paths=paths, frame_indices=np.array(frames)))['heatmap'][..., 0]


@pytest.fixture
def keep():
    made.clear()
    return lambda number: KeepFrames([dict(type='CountingSteps')], num_frames=number)


def test_consecutive_windows_make_each_frame_once(keep):
    transform = keep(6)
    np.testing.assert_array_equal(window(transform, 0, 0, 1), [[100, 200], [100, 200], [101, 201]])
    np.testing.assert_array_equal(window(transform, 0, 1, 2), [[100, 200], [101, 201], [102, 202]])
    window(transform, 1, 2, 3)
    assert sorted(made) == [(view, frame) for view in ('hori', 'vert') for frame in range(4)]


def test_only_so_many_are_kept(keep):
    transform = keep(2)
    window(transform, 0, 1)
    assert len(transform._kept) == 2
    np.testing.assert_array_equal(window(transform, 0, 1), [[100, 200], [101, 201]])
    assert made.count(('hori', 0)) == 2
    with pytest.raises(ConfigError, match='num_frames must be at least 1'):
        keep(0)


def test_what_comes_out_may_be_changed(keep):
    transform = keep(6)
    window(transform, 0, 1)[:] = -1
    np.testing.assert_array_equal(window(transform, 0, 1), [[100, 200], [101, 201]])


def test_workers_get_no_frames_along(keep):
    transform = keep(6)
    window(transform, 0, 1)
    assert not pickle.loads(pickle.dumps(transform))._kept


def test_windows_of_the_data_set_are_the_same_with_and_without(tiny_config):
    options = tiny_config.test_dataloader.dataset
    with_, without = options.copy(), options.copy()
    without.pipeline = [*options.pipeline[0].steps, options.pipeline[1]]
    with_, without = DATASETS.build(with_), DATASETS.build(without)
    assert len(with_) == len(without) > 5
    for index in range(len(with_)):
        torch.testing.assert_close(with_[index]['inputs'], without[index]['inputs'], rtol=0, atol=1e-5)
