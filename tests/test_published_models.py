"""The models that come with the package."""

import json

import numpy as np
import pytest

from mmradar.apis import RadarPoseInferencer, config_names, init_model, published_models, read_config
from mmradar.engine.checkpoint import config_text, read_checkpoint
from mmradar.errors import CheckpointError
from mmradar.simulation import PLANS, CompactForm, write_hupr_dataset

NAMES = list(published_models())
RADAR = RadarPoseInferencer.list_models()


def test_there_is_a_small_one_and_a_lifter_of_a_plugin():
    assert RADAR == ['millimamba-small']
    assert published_models()['millimamba-small'].plugin is None
    assert published_models()['hummuss-causal-small'].plugin == 'hummuss'


@pytest.mark.parametrize('name', NAMES)
def test_files_are_those_that_were_published_and_hold_no_code(name):
    model = published_models()[name]
    model.check()
    assert model.checkpoint.stat().st_size < 5e6 and model.config in config_names(model.plugin)
    assert set(read_checkpoint(model.checkpoint)) == {'meta', 'state_dict'}
    commands = ('python tools/train.py configs/', f'mmradar train {model.config}')
    assert model.metadata['Training Command'].startswith(commands)
    assert all(value > 0 for result in model.results for value in result['Metrics'].values())


@pytest.mark.parametrize('name', NAMES)
def test_what_they_see_and_are_is_what_their_configuration_says(name):
    """A configuration that changes leaves its published weights behind: train them again."""
    carried, ours = init_model(name).cfg, read_config(published_models()[name].config)
    for part in ('model', 'test_dataloader', 'test_evaluator'):
        for settings in (carried, ours):  # but for folders
            settings.test_dataloader.dataset.update(data_root='', cache_dir='')
            settings.test_evaluator.update(train_ann_file='')
        assert json.loads(config_text(carried))[part] == json.loads(config_text(ours))[part]


def test_the_small_one_sees_people_of_another_seed(tmp_path):
    plan = PLANS['simhupr-v2'].changed(train=0, val=0, test=3, unseen=0, num_frames=40, seed=99)
    write_hupr_dataset(tmp_path, plan, form=CompactForm())
    inferencer = RadarPoseInferencer('millimamba-small')
    errors = [
        np.linalg.norm(result['predictions'][0]['keypoints'] - result['truth'], axis=-1)
        for number in (1, 2, 3)
        for result in inferencer(tmp_path / f'single_{number}')
    ]
    assert np.mean(errors) < 7  # px; the mean pose at the true place and size is off by 8


def test_a_damaged_file_is_told(tmp_path):
    from dataclasses import replace

    model = next(iter(published_models().values()))
    path = tmp_path / 'own.pth'
    for content in (None, b'something else'):
        if content:
            path.write_bytes(content)
        with pytest.raises(CheckpointError, match='own.pth: expected SHA-256 [0-9a-f]{64}, found '):
            replace(model, checkpoint=path).check()
