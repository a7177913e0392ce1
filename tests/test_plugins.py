"""Packages that announce themselves to mmradar: their classes and configurations, and none of the broken ones."""

import sys

import pytest
import torch
from mmengine.registry import MODELS as MMENGINE_MODELS

from conftest import logged
from mmradar import plugins
from mmradar.apis import config_names, find_config, init_model, read_config
from mmradar.errors import ConfigError
from mmradar.package_configs import config_path
from mmradar.plugins import GROUP
from mmradar.registry import MODELS

ESTIMATOR = """
import torch
from mmengine.model import BaseModel
from mmradar.registry import MODELS

@MODELS.register_module()
class {name}(BaseModel):
    def __init__(self, width=2, **kwargs):
        super().__init__(**kwargs)
        self.weight = torch.nn.Parameter(torch.ones(width))

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return inputs * self.weight
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that installs a plugin of one module, as pip would, with its configurations next to it."""
    monkeypatch.syspath_prepend(str(tmp_path / 'site'))
    monkeypatch.setattr(plugins, '_imported', set())

    def plugin(name, module, configs=None):
        root = tmp_path / 'site' / name
        root.mkdir(parents=True)
        (root / '__init__.py').write_text(module)
        info = tmp_path / 'site' / f'{name}-1.0.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n')
        (info / 'entry_points.txt').write_text(f'[{GROUP}]\n{name} = {name}\n')
        for file, text in (configs or {}).items():
            path = root / '.mim' / 'configs' / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return root

    return plugin


@pytest.mark.parametrize('registry', [MODELS, MMENGINE_MODELS], ids=['mmradar', 'mmengine'])
def test_classes_are_registered_when_a_name_is_not_known_otherwise(install, registry):
    plugin, estimator = f'plugin_for_{registry.scope}', f'EstimatorFor_{registry.scope}'
    install(plugin, ESTIMATOR.format(name=estimator))
    assert MODELS.get('CVMamba') is not None and plugin not in sys.modules
    assert len(registry.build(dict(type=estimator, width=3)).weight) == 3


def test_a_checkpoint_of_an_installed_plugin_needs_no_configuration(install, tmp_path):
    install('plugin_of_a_checkpoint', ESTIMATOR.format(name='EstimatorOfACheckpoint'))
    text = '{"model": {"type": "EstimatorOfACheckpoint"}, "custom_imports": {"imports": ["plugin_of_a_checkpoint"]}}'
    content = dict(state_dict=dict(weight=torch.full((2,), 5.0)), meta=dict(config_json=text))
    torch.save(content, tmp_path / 'weights.pth')
    assert init_model(tmp_path / 'weights.pth').weight.tolist() == [5, 5]


def test_one_that_fails_is_reported_and_the_others_work(install):
    install('a_broken_plugin', 'import nothing_of_this_name')
    install('plugin_that_works', ESTIMATOR.format(name='EstimatorThatWorks'))
    with logged() as log:
        assert MODELS.get('EstimatorThatWorks') is not None
        assert MODELS.get('NoClassOfThisName') is None
    assert log.getvalue().count('the plugin a_broken_plugin (a_broken_plugin) cannot be imported and is left out') == 1
    assert "No module named 'nothing_of_this_name'" in log.getvalue()


def test_configurations_have_names(install):
    own = {'_base_/width.py': 'width = 3\n', 'rows/one.py': "_base_ = '../_base_/width.py'\nwork_dir = '${width}'\n"}
    root = install('plugin_with_rows', '', own)
    assert config_names('plugin_with_rows') == ['plugin_with_rows::rows/one']
    assert not any('::' in name for name in config_names())  # the package's own stay the same
    assert find_config('plugin_with_rows::rows/one') == root / '.mim' / 'configs' / 'rows' / 'one.py'
    assert config_path('plugin_with_rows::rows/one') == str(root / '.mim' / 'configs' / 'rows' / 'one.py')
    assert read_config('plugin_with_rows::rows/one', {'width': 4}).work_dir == 4
    assert 'plugin_with_rows' not in sys.modules


def test_a_clone_has_them_next_to_its_package(install):
    root = install('plugin_of_a_clone', '')
    with pytest.raises(ConfigError, match=r"'plugin_of_a_clone' has no configurations, neither in .* nor in .*configs"):
        find_config('plugin_of_a_clone::one')
    (root.parent / 'configs').mkdir()
    (root.parent / 'configs' / 'one.py').write_text('')
    assert find_config('plugin_of_a_clone::one') == root.parent / 'configs' / 'one.py'


def test_what_is_not_there_is_an_error_with_what_is(install):
    install('plugin_with_one', '', {'rows/one.py': ''})
    with pytest.raises(ConfigError, match="no plugin 'plugin_with_on' is installed; there are .*plugin_with_one"):
        find_config('plugin_with_on::rows/one')
    with pytest.raises(ConfigError, match="no file plugin_with_one::one, .* did you mean 'plugin_with_one::rows/one'"):
        find_config('plugin_with_one::one')
