"""Frames of whole data sets, made beforehand."""

import pytest

from mmradar.apis.preprocessing import preprocess
from mmradar.errors import ConfigError


def test_data_sets_that_load_later_are_made_too(tiny_config, tmp_path):
    tiny_config.test_dataloader.dataset.lazy_init = True
    made = preprocess(tiny_config, tmp_path, ['test'])
    assert (made.made, made.found) == (4, 0)
    found = preprocess(tiny_config, tmp_path, ['val', 'test'])
    assert (found.made, found.found) == (4, 4)


def test_a_data_set_that_keeps_nothing_on_disk(tiny_config, tmp_path):
    tiny_config.val_dataloader.dataset = dict(type='SimulatedRadarDataset', num_windows=2)
    with pytest.raises(ConfigError, match='val_dataloader: a SimulatedRadarDataset keeps nothing on disk'):
        preprocess(tiny_config, tmp_path, ['val'])
