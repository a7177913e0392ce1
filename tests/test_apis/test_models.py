import copy

import pytest
import torch

from conftest import REPOSITORY
from mmradar.apis import init_model, read_config
from mmradar.apis.configuration import load_config
from mmradar.errors import CheckpointError, ConfigError

TINY = 'millimamba_tiny_simhupr'


def test_a_configuration_is_named_read_or_given(tiny_config):
    path = REPOSITORY / 'configs' / f'{TINY}.py'
    expected = load_config(str(path)).to_dict()
    assert all(read_config(given).to_dict() == expected for given in (TINY, path, str(path)))
    assert read_config(TINY, {'model.head.num_layers': 5}).model.head.num_layers == 5
    before = copy.deepcopy(tiny_config.to_dict())
    changed = read_config(tiny_config, {'model.head.num_layers': 3})
    assert changed.model.head.num_layers == 3 and tiny_config.to_dict() == before
    assert changed.filename == tiny_config.filename


@pytest.mark.parametrize('given', [TINY, 'the configuration itself'])
def test_what_would_change_nothing_is_refused(given, tiny_config):
    with pytest.raises(ConfigError, match="takes no 'num_layerz'; did you mean 'num_layers'"):
        read_config(TINY if given == TINY else tiny_config, {'model.head.num_layerz': 3})


@pytest.mark.parametrize(
    'name, message', [('milimamba_hupr', "did you mean 'millimamba_hupr'"), ('my/config.py', 'no configuration file')]
)
def test_what_is_not_there_is_an_error(name, message):
    with pytest.raises(ConfigError, match=message):
        init_model(name)


def test_a_model_knows_its_configuration_and_joints(tiny_config):
    model = init_model(tiny_config, cfg_options={'model.head.num_layers': 2})
    assert not model.training and len(model.head.layers) == 2 == model.cfg.model.head.num_layers
    assert model.dataset_meta['num_keypoints'] == 14 and len(model.dataset_meta['sigmas']) == 14


def test_weights_and_joints_are_the_checkpoints(tiny_config, tmp_path):
    torch.manual_seed(1)
    state = {f'module.{key}': value for key, value in init_model(tiny_config).state_dict().items()}
    path = tmp_path / 'some.pth'
    torch.save(dict(state_dict=state, meta=dict(dataset_meta=dict(num_keypoints=14, own=True))), path)
    model = init_model(tiny_config, path)
    assert model.dataset_meta['own']
    for key, value in model.state_dict().items():
        assert torch.equal(value, state[f'module.{key}']), key


def test_another_models_checkpoint_or_none_is_an_error(tiny_config, tmp_path):
    torch.save(init_model(tiny_config).state_dict(), tmp_path / 'one.pth')
    with pytest.raises(CheckpointError, match=r'one.pth is not a checkpoint of this model[\s\S]*head.layers.1'):
        init_model(tiny_config, tmp_path / 'one.pth', cfg_options={'model.head.num_layers': 2})
    with pytest.raises(CheckpointError, match='no checkpoint at'):
        init_model(tiny_config, tmp_path / 'none.pth')
    (tmp_path / 'text.pth').write_text('weights')
    with pytest.raises(CheckpointError, match='cannot be read as a checkpoint'):
        init_model(tiny_config, tmp_path / 'text.pth')
