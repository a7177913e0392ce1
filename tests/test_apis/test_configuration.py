"""Configurations are read with loaders that torch builds."""

import pytest
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from conftest import REPOSITORY, SMALL_RADAR
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError

MAIN = str(REPOSITORY / 'configs/millimamba_hupr.py')
SPLITS = ('train', 'val', 'test')


@pytest.mark.parametrize(
    'more', [{}, {'prefetch_factor': 4}, {'timeout': 60}, {'multiprocessing_context': 'spawn', 'pin_memory': True}]
)
@pytest.mark.parametrize('split', SPLITS)
def test_a_loader_without_workers_is_built(split, more, simulated_root):
    options = {f'{split}_dataloader.{key}': value for key, value in {**more, 'num_workers': 0}.items()}
    config = load_config(str(REPOSITORY / 'configs/millimamba_tiny_simhupr.py'), options)
    settings = config[f'{split}_dataloader']
    settings.dataset.update(data_root=str(simulated_root), radar=SMALL_RADAR, cache_dir=None)
    loader = Runner.build_dataloader(settings)
    assert isinstance(loader, DataLoader) and loader.num_workers == 0 and len(next(iter(loader))['inputs']) > 1
    assert loader.pin_memory is ('pin_memory' in more)


@pytest.mark.parametrize('split', SPLITS)
def test_loaders_with_workers_keep_their_options(split):
    config = load_config(MAIN, {f'{split}_dataloader.num_workers': 0, 'train_dataloader.prefetch_factor': 4})
    for other in SPLITS:
        assert config[f'{other}_dataloader'].get('persistent_workers', False) is (other != split)
    assert config.train_dataloader.get('prefetch_factor') == (None if split == 'train' else 4)


def test_workers_are_matched_in_files_too_wherever_a_loader_is(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(
        f"""_base_ = {MAIN!r}
loader = dict(num_workers=0, persistent_workers=True, prefetch_factor=2)
train_dataloader = loader
val_dataloader = dict(_delete_=True, persistent_workers=True, dataset=dict(type='HuPRDataset'))  # torch's default: none
custom_hooks = [dict(type='Own', loaders=[dict(loader, dataset=dict(type='HuPRDataset'))])]
env_cfg = dict(dist_cfg=dict(timeout=60))
"""
    )
    config = load_config(str(path))
    for loader in (config.train_dataloader, config.val_dataloader, config.custom_hooks[0].loaders[0]):
        assert 'persistent_workers' not in loader and 'prefetch_factor' not in loader
    assert config.test_dataloader.persistent_workers and config.env_cfg.dist_cfg.timeout == 60


@pytest.mark.parametrize('line', ['dataset = dict(image_size=(512, 512))', 'val_loader = dict(batch_size=2)'])
def test_a_change_to_what_only_helped_a_base_is_refused(line, tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(f'_base_ = {MAIN!r}\n{line}\n')
    with pytest.raises(ConfigError, match=f'own.py: nothing reads .{line.split()[0]}.; it only helped') as error:
        load_config(str(path))
    assert 'val_loader' in line or 'What counts: train_dataloader.dataset, val_dataloader' in str(error.value)
    path.write_text(f'_base_ = {MAIN!r}\n{line}\ntrain_dataloader = dict(dataset=dict(**{line.split()[0]}))\n')
    assert set(load_config(str(path)).train_dataloader.dataset) & {'image_size', 'batch_size'}


def test_what_a_tool_reads_itself_may_be_changed(tmp_path):
    base, path = tmp_path / 'base.py', tmp_path / 'own.py'
    base.write_text(f"_base_ = {MAIN!r}\nlifter = dict(config='a.py')\n")
    path.write_text("_base_ = 'base.py'\nlifter = dict(checkpoint='b.pth')\n")
    assert load_config(str(path)).lifter == dict(config='a.py', checkpoint='b.pth')


def test_a_base_may_refer_to_its_own_base(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text("_base_ = 'mmradar::millimamba_small_finetune_simhupr'\nmax_epochs = 2\n")
    config = load_config(str(path))
    assert config.max_epochs == 2 and [data.data_root for data in config.people] == ['data/simhupr', 'data/own']


def test_names_that_nothing_reads_are_told(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(f'_base_ = {MAIN!r}\nlr = 1e-9\nfactor = 2\nmax_epochs = 3 * factor\n')
    with pytest.warns(UserWarning, match='own.py: nothing reads lr$'):
        assert load_config(str(path)).max_epochs == 6


def test_options_stay_as_they_are():
    options = {'val_cfg': dict(_delete_=True, type='ValLoop')}
    first, second = (load_config(MAIN, options) for _ in range(2))
    assert options == {'val_cfg': dict(_delete_=True, type='ValLoop')} and first.val_cfg == second.val_cfg
