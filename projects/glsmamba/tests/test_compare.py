"""The comparison of configurations, which trains each once."""

import importlib.util
import json
from pathlib import Path

import pytest

from mmradar.errors import ConfigError

PROJECT = Path(__file__).resolve().parents[1]
TINY = {
    'train_clips': 4,
    'batch_size': 4,
    'num_workers': 0,
    'max_epochs': 1,
    'cache_dir': None,
    'num_frames': 3,
    **{f'{split}_dataloader.persistent_workers': False for split in ('train', 'val', 'test')},
    **{f'{split}_dataloader.num_workers': 0 for split in ('val', 'test')},
    **{f'{split}_dataloader.dataset.num_clips': 2 for split in ('val', 'test')},
}


@pytest.fixture(scope='module')
def compare():
    spec = importlib.util.spec_from_file_location('compare', PROJECT / 'tools' / 'compare.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_training_is_used_again_only_if_it_is_the_same(compare, tmp_path, monkeypatch):
    monkeypatch.setattr(compare, 'REPOSITORY', tmp_path)
    monkeypatch.chdir(tmp_path)
    work = tmp_path / 'work_dirs' / 'frame_small_synthetic'
    metrics, minutes = compare.train_and_test('frame_small_synthetic', 0, TINY)
    assert minutes > 0 and {'PCK', 'posetrack/AP'} <= set(metrics)
    checkpoint = (work / 'epoch_1.pth').read_bytes()
    # Options of the test are no other training
    for options in (TINY, {**TINY, 'test_dataloader.dataset.difficulty': 'easy', 'model.test_cfg.flip_test': False}):
        assert compare.train_and_test('frame_small_synthetic', 0, options)[1] == minutes
    for change in ({'optim_wrapper.optimizer.lr': 0.5}, {'train_clips': 8}, {'max_epochs': 2}):
        with pytest.raises(
            ConfigError, match=f'a training with other settings .*{next(iter(change.values()))}.*; rename'
        ):
            compare.train_and_test('frame_small_synthetic', 0, {**TINY, **change})
    assert (work / 'epoch_1.pth').read_bytes() == checkpoint
    (work / 'epoch_1.pth').write_bytes(checkpoint + b' ')  # as after another training in the folder
    with pytest.raises(ConfigError, match='a later training'):
        compare.train_and_test('frame_small_synthetic', 0, TINY)
    (work / compare.RECORD).unlink()
    with pytest.raises(ConfigError, match='a training that compare.py did not make'):
        compare.train_and_test('frame_small_synthetic', 0, TINY)


def test_seeds_are_those_that_are_asked_for(compare):
    file = PROJECT / 'configs' / 'frame_small_synthetic.py'
    first, second = (
        compare.training_settings(compare.read(file, {**TINY, 'randomness.seed': seed}, None)) for seed in (0, 1)
    )
    assert [name for name in first if first[name] != second[name]] == ['randomness.seed']
    assert json.loads(json.dumps(first)) == first
