"""The baseline without a network."""

from pathlib import Path

import pytest

from glsmamba.evaluation.mean_pose import mean_pose_metrics
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError

CONFIG = Path(__file__).resolve().parents[1] / 'configs' / 'frame_small_synthetic.py'


def config(train_clips, test_clips, **test):
    options = {'train_clips': train_clips, 'cache_dir': None, 'test_dataloader.dataset.num_clips': test_clips}
    found = load_config(str(CONFIG), options)
    found.test_dataloader.dataset.update(test)
    return found


def test_the_mean_of_one_person_is_that_person():
    same = dict(split='train', seed=0, occluders=4, occluder_size=0.13)
    found = mean_pose_metrics(config(1, 1, **same))
    assert found['PCK'] == 1 and found['posetrack/AP'] == pytest.approx(100)
    # and nobody else
    assert mean_pose_metrics(config(1, 4))['posetrack/AP'] < 90


def test_a_mean_needs_people():
    with pytest.raises(ConfigError, match='one or more samples, found 0'):
        mean_pose_metrics(config(1, 1), samples=0)
