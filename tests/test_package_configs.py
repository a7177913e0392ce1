import pytest

from conftest import REPOSITORY
from mmradar.apis import config_names, find_config
from mmradar.errors import ConfigError
from mmradar.package_configs import config_folder


def test_every_configuration_has_a_name():
    names = config_names()
    assert {'millimamba_hupr', 'ablations/millimamba_t3_hupr', 'baselines/hupr_hupr'} <= set(names)
    assert not any('_base_' in name for name in names)
    assert find_config('baselines/hupr_hupr') == REPOSITORY / 'configs' / 'baselines' / 'hupr_hupr.py'


def test_an_installed_package_has_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr('mmradar.package_configs._PACKAGE', tmp_path / 'mmradar')
    assert config_folder() == tmp_path / 'configs'
    path = tmp_path / 'mmradar' / '.mim' / 'configs' / 'rows' / 'mine.py'
    path.parent.mkdir(parents=True)
    path.write_text('')
    assert config_names() == ['rows/mine'] and find_config('rows/mine') == path


@pytest.mark.parametrize(
    'name, near',
    [
        ('milimamba_hupr', "did you mean 'millimamba_hupr'"),
        ('millimamba_t3_hupr', "did you mean 'ablations/millimamba_t3_hupr'"),
        ('something else', 'there are ablations/'),
        ('_base_/datasets/hupr', 'no configuration of that name'),
    ],
)
def test_an_unknown_name_is_an_error_with_near_ones(name, near):
    with pytest.raises(ConfigError, match=f'no file {name}, and no configuration of that name .*') as error:
        find_config(name)
    assert near in str(error.value)
