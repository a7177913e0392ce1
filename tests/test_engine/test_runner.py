"""Configurations whose references nobody has resolved: our runner does, and whatever else is built says so."""

import pytest
from mmengine.config import Config
from mmengine.registry import RUNNERS as MMENGINE_RUNNERS
from mmengine.runner import Runner

from conftest import REPOSITORY
from mmradar.engine.runner import RadarPoseRunner
from mmradar.errors import ConfigError
from mmradar.registry import DATASETS, MODELS, RUNNERS, TRANSFORMS


@pytest.fixture
def unresolved(tmp_path, monkeypatch):
    monkeypatch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, False))  # half a second each
    config = Config.fromfile(REPOSITORY / 'configs/millimamba_tiny_simhupr.py')
    config.merge_from_dict(dict(work_dir=str(tmp_path), num_frames=5, experiment_name=tmp_path.name))
    return config


@pytest.mark.parametrize('registry', [RUNNERS, MMENGINE_RUNNERS])
def test_ours_is_built_and_leaves_a_configuration_with_values(registry, unresolved, tmp_path):
    runner = registry.build(unresolved)
    assert type(runner) is RadarPoseRunner and runner.model.backbone.num_frames == 5
    assert unresolved.model.backbone.num_frames == '${num_frames}'  # as it was
    dumped = Config.fromfile(tmp_path / 'millimamba_tiny_simhupr.py')
    assert dumped.to_dict() == runner.cfg.to_dict()
    assert dumped.model.backbone.num_frames == dumped.val_dataloader.dataset.window.num_frames == 5
    dumped.experiment_name += '_again'
    assert Runner.from_cfg(dumped).model.backbone.num_frames == 5  # mmengine's own


def test_mmengines_says_what_is_wrong_before_it_builds_a_model(unresolved):
    with pytest.raises(ConfigError, match=r"^\S+ = '\$\{\w+\}' is a reference still. Read configurations with mmradar"):
        Runner.from_cfg(unresolved)


def test_what_is_built_by_itself_says_so(unresolved):
    for registry, settings, place in (
        (MODELS, unresolved.model, 'model.backbone.num_frames'),
        (DATASETS, unresolved.train_dataloader.dataset, 'dataset.data_root'),
        (TRANSFORMS, unresolved.pipeline[0], 'transform.num_chirps'),
    ):
        with pytest.raises(ConfigError, match=rf"^{place} = '\$"):
            registry.build(settings)


def test_mmposes_init_model_says_so_too(unresolved):
    from mmpose.apis import init_model

    with pytest.raises(ConfigError, match=r"^model.backbone.num_frames = '\$\{num_frames\}' is a reference still"):
        init_model(unresolved, device='cpu')
