"""Checkpoints that are models by themselves, and those that come with the package."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmradar import apis
from mmradar.engine.checkpoint import config_text, read_checkpoint
from mmradar.errors import CheckpointError, DataError


@pytest.fixture
def checkpoint(tiny_config, tmp_path) -> Path:
    """As a training on a machine of its own would save it."""
    model = apis.init_model(tiny_config)
    tiny_config.work_dir, tiny_config.load_from = '/home/somebody/run', '/home/somebody/older.pth'
    meta = dict(config_json=config_text(tiny_config), epoch=3, cfg='raise SystemExit', dataset_meta=model.dataset_meta)
    path = tmp_path / 'epoch_3.pth'
    torch.save(dict(meta=meta, state_dict=model.state_dict(), optimizer=dict(large=torch.zeros(1000))), path)
    return path


def test_a_published_model_predicts_what_the_training_s_does(tiny_config, checkpoint, tmp_path):
    digest = apis.publish(checkpoint, tmp_path / 'own.pth', data_root='data/somewhere')
    content = read_checkpoint(tmp_path / 'own.pth')
    assert re.fullmatch('[0-9a-f]{64}', digest) and set(content) == {'meta', 'state_dict'}
    assert content['meta']['epoch'] == 3 and 'somebody' not in content['meta']['config_json']
    assert str(tiny_config.test_dataloader.dataset.data_root) not in content['meta']['config_json']
    assert {weight.dtype for weight in content['state_dict'].values() if weight.is_floating_point()} == {torch.float16}

    published, original = apis.init_model(tmp_path / 'own.pth'), apis.init_model(tiny_config, checkpoint)
    assert published.cfg.test_dataloader.dataset.data_root == 'data/somewhere'
    assert published.dataset_meta.keys() == original.dataset_meta.keys()
    for key, value in original.dataset_meta.items():
        assert type(published.dataset_meta[key]) is type(value)
        np.testing.assert_array_equal(published.dataset_meta[key], value)
    loader = apis.build_loader(tiny_config)
    for (_, found), (_, expected) in zip(apis.predictions(published, loader), apis.predictions(original, loader)):
        for one, other in zip(found, expected):
            gap = abs(one.pred_instances.keypoints - other.pred_instances.keypoints).max()
            assert 0 < gap < 0.5  # px: half precision


@pytest.mark.parametrize('model', apis.published_models().values(), ids=lambda model: model.name)
def test_torch_alone_reads_published_weights(model):
    code = (
        'import sys, torch; torch.load(sys.argv[1], weights_only=True); '
        'assert not any(name.startswith("mmradar") for name in sys.modules)'
    )
    subprocess.run([sys.executable, '-c', code, str(model.checkpoint)], check=True)


def test_options_change_what_a_checkpoint_carries(checkpoint):
    assert (
        apis.init_model(checkpoint, cfg_options={'test_dataloader.batch_size': 3}).cfg.test_dataloader.batch_size == 3
    )


def test_mistakes_of_publishing(tiny_config, checkpoint, tmp_path):
    shutil.copy(checkpoint, tmp_path / 'there.pth')
    with pytest.raises(DataError, match='there.pth exists'):
        apis.publish(checkpoint, tmp_path / 'there.pth')
    bare = tmp_path / 'bare.pth'
    torch.save(dict(state_dict=apis.init_model(tiny_config).state_dict(), meta=dict(cfg='raise SystemExit')), bare)
    with pytest.raises(CheckpointError, match='bare.pth carries no configuration that can be read'):
        apis.init_model(bare)
    apis.publish(bare, tmp_path / 'out.pth', config=tiny_config, half=False)
    assert torch.equal(*(read_checkpoint(p)['state_dict']['backbone.position'] for p in (bare, tmp_path / 'out.pth')))
    state = apis.init_model(tiny_config).state_dict()
    state['backbone.position'][0] = 1e6
    torch.save(dict(state_dict=state), bare)
    with pytest.raises(CheckpointError, match=r'backbone.position holds 1e\+06, too large for half precision'):
        apis.publish(bare, tmp_path / 'other.pth', config=tiny_config)
    assert not (tmp_path / 'other.pth').exists()


def test_a_configuration_is_carried_as_data(tiny_config):
    tiny_config.custom, tiny_config.folder = torch.nn.Linear, Path('some/where')
    carried = json.loads(config_text(tiny_config))
    assert carried['custom'] == 'torch.nn.modules.linear.Linear' and carried['folder'] == 'some/where'
