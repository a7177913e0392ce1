"""Configurations anywhere inherit from the package's by name."""

import pytest
from mmengine.config import Config

from mmradar.apis import find_config
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError
from mmradar.plugins import plugins


@pytest.mark.parametrize('name', ['millimamba_small_simhupr', 'ablations/millimamba_t3_hupr', 'millimamba_hupr.py'])
def test_a_base_by_name_is_the_package_s(name, tmp_path):
    (tmp_path / 'mine.py').write_text(f"_base_ = ['mmradar::{name}']\nmax_epochs = 3\n")
    expected = load_config(str(find_config(name.removesuffix('.py'))), {'max_epochs': 3})
    assert load_config(str(tmp_path / 'mine.py')).to_dict() == expected.to_dict()


def test_a_base_below_a_base(tmp_path):
    (tmp_path / 'mine.py').write_text("_base_ = 'mmradar::millimamba_small_simhupr'\nmax_epochs = 3\n")
    (tmp_path / 'other.py').write_text("_base_ = 'mine.py'\nmax_epoch = 4\n")
    with pytest.raises(ConfigError, match="unknown key 'max_epoch'; did you mean 'max_epochs'"):
        load_config(str(tmp_path / 'other.py'))


@pytest.mark.skipif('hummuss' not in plugins(), reason='projects/hummuss is not installed')
def test_a_base_of_a_plugin(tmp_path):
    (tmp_path / 'mine.py').write_text("_base_ = 'hummuss::hummuss_small_motion'\n")
    expected = load_config(str(find_config('hummuss::hummuss_small_motion')))
    assert load_config(str(tmp_path / 'mine.py')).model == expected.model


@pytest.mark.parametrize(
    ('base', 'message'),
    [
        ('mmradar::millimamba_smal_simhupr', "did you mean 'millimamba_small_simhupr'"),
        ('millimamba_small_simhupr.py', "there is no base .*_base_ = 'mmradar::millimamba_small_simhupr'"),
    ],
)
def test_a_base_that_is_not_there(base, message, tmp_path):
    (tmp_path / 'mine.py').write_text(f'_base_ = {base!r}\n')
    with pytest.raises(ConfigError, match=message):
        load_config(str(tmp_path / 'mine.py'))


def test_mmengine_is_as_before_afterwards():
    own = Config._get_cfg_path
    load_config(str(find_config('millimamba_hupr')))
    assert Config._get_cfg_path is own
