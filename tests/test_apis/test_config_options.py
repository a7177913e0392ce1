"""Options that would change nothing are refused; those that change something are not."""

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import CheckpointHook

from conftest import REPOSITORY
from mmradar.apis.config_options import check_options, facts, registered, takes
from mmradar.apis.configuration import load_config, with_options
from mmradar.engine.hooks import EpochSeedHook, FiniteGuardHook
from mmradar.errors import ConfigError

TINY = str(REPOSITORY / 'configs/millimamba_tiny_simhupr.py')
MAIN = str(REPOSITORY / 'configs/millimamba_hupr.py')
FRAMES = 'model.backbone.num_frames, model.head.num_frames, ' + ', '.join(
    f'{split}_dataloader.dataset.window.num_frames' for split in ('train', 'val', 'test')
)


@pytest.mark.parametrize(
    'key, counts',
    [
        ('dataset.cache_dir', 'What counts: train_dataloader.dataset.cache_dir, val_dataloader.dataset.cache_dir, '),
        ('vis_backends.0.type', 'What counts: visualizer.vis_backends.0.type'),
        ('loader.persistent_workers', 'What counts: train_dataloader.persistent_workers, '),
        ('val_loader', 'and nothing in it has this name or value any more'),
    ],
)
def test_names_that_only_helped_to_write_the_configuration(key, counts):
    with pytest.raises(ConfigError) as error:
        load_config(TINY, {key: 1})
    assert f'--cfg-options {key}: nothing reads {key.split(".")[0]!r}; it only helped' in str(error.value)
    assert counts in str(error.value)


@pytest.mark.parametrize(
    'key, counts',
    [
        ('max_epochs', 'What counts: train_cfg.max_epochs'),
        ('num_frames', f'What counts: {FRAMES}'),
        ('pipeline.2.mode', 'What counts: train_dataloader.dataset.pipeline.2.mode, '),
        ('train_sequences', 'and nothing in it has this name or value any more'),
    ],
)
def test_names_that_are_facts_until_the_configuration_is_dumped(key, counts, tmp_path):
    """A dumped file has values where the references were: what is overridden there is what counts."""
    path = tmp_path / 'dumped.py'
    load_config(TINY).dump(path)
    with pytest.raises(ConfigError) as error:
        load_config(str(path), {key: 1})
    assert f'--cfg-options {key}: nothing reads {key.split(".")[0]!r}; it only helped' in str(error.value)
    assert counts in str(error.value)
    config = load_config(str(path), {'model.head.num_frames': 5, 'train_dataloader.dataset.pipeline.2.mode': 'x'})
    assert config.model.head.num_frames == 5 and config.train_dataloader.dataset.pipeline[2].mode == 'x'
    assert config.num_frames == 3 and config.val_dataloader.dataset.pipeline[2].mode == 'real_imag'


def test_a_learning_rate_that_the_schedule_overrides_is_refused(tmp_path):
    rate = 'optim_wrapper.optimizer.lr'
    config = load_config(TINY, {rate: 5e-4})
    assert config.param_scheduler[0].eta_max == config.optim_wrapper.optimizer.lr == 5e-4
    config.dump(tmp_path / 'dumped.py')
    with pytest.raises(ConfigError, match=f'--cfg-options {rate}: .*What counts: param_scheduler.0.eta_max=0.0005'):
        load_config(str(tmp_path / 'dumped.py'), {rate: 1e-4})
    both = load_config(str(tmp_path / 'dumped.py'), {rate: 1e-4, 'param_scheduler.0.eta_max': 1e-4})
    assert both.param_scheduler[0].eta_max == both.optim_wrapper.optimizer.lr == 1e-4
    for constant in ({'param_scheduler': []}, {'param_scheduler.0': dict(type='ConstantLR', factor=1.0)}):
        assert load_config(str(tmp_path / 'dumped.py'), {rate: 1e-4, **constant}).optim_wrapper.optimizer.lr == 1e-4


def test_an_option_on_a_fact_reaches_all_that_refers_to_it():
    options = {'num_frames': 5, 'range_bins': (0, 128), 'views': ('vert',), 'pipeline.0.static_clutter': True}
    config = load_config(MAIN, {**options, 'max_epochs': 3, 'radar.num_loops': 32, 'num_workers': 0})
    assert config.model.backbone.num_frames == config.model.head.num_frames == 5
    assert config.model.backbone.input_size == (64, 128) and config.model.backbone.num_views == 1
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        assert loader.num_workers == 0 and 'persistent_workers' not in loader
        assert loader.dataset.window == dict(num_frames=5, key='centre')
        assert loader.dataset.views == ('vert',)
        assert loader.dataset.radar == dict(preset='iwr1843_hupr', num_loops=32)
        step = loader.dataset.pipeline[0]
        assert step.range_bins == (0, 128) and step.static_clutter and step.num_chirps == 8
    assert config.train_cfg.max_epochs == config.param_scheduler[1].T_max == config.param_scheduler[1].end == 3


def test_an_option_below_a_reference_changes_that_place_alone_and_comes_after_facts():
    key = 'train_dataloader.dataset.pipeline.0.num_chirps'
    config = load_config(MAIN, {key: 16, 'num_chirps': 32, 'pipeline.3.over': 'frame', 'model.head.num_frames': 7})
    train, val = (config[f'{split}_dataloader'].dataset.pipeline for split in ('train', 'val'))
    assert (train[0].num_chirps, val[0].num_chirps) == (16, 32)
    assert train[3].over == val[3].over == 'frame'
    assert config.model.head.num_frames == 7 and config.model.backbone.num_frames == 9


def test_an_option_may_be_a_reference():
    config = load_config(MAIN, {'val_batch_size': '${batch_size * 2}', 'batch_size': 6})
    assert config.train_dataloader.batch_size == 6 and config.val_dataloader.batch_size == 12
    assert load_config(MAIN, {'model.head.num_layers': '${len(views)}'}).model.head.num_layers == 2


@pytest.mark.parametrize(
    'key, message',
    [
        ('pipeline.0.num_chirp', "pipeline.0 (RangeDopplerMap) takes no 'num_chirp'; did you mean 'num_chirps'?"),
        ('pipeline.9.over', 'pipeline is a list of 5, numbered from 0; it has no'),
        ('range_bins.1', 'range_bins is (31, 95), which can only be set as a whole'),
        ('num_frames.first', "num_frames is 3, which has no 'first'"),
        ('num_frame', "the configuration has no 'num_frame'; did you mean 'num_frames'?"),
    ],
)
def test_options_on_facts_are_looked_into_as_others(key, message):
    with pytest.raises(ConfigError) as error:
        load_config(TINY, {key: 1})
    assert str(error.value).startswith(f'--cfg-options {key}: ') and message in str(error.value)


def test_a_fact_to_which_only_what_nobody_reads_refers_is_none(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(
        f"_base_ = {MAIN!r}\nunread = dict(a='${{fact}}')\nfact = 1\nlifter = dict(a='${{other}}')\nother = 2\n"
    )
    for key in ('fact', 'unread.a', 'other'):
        with pytest.raises(ConfigError, match=f'nothing reads {key.split(".")[0]!r}'):
            load_config(str(path), {key: 3})
    assert load_config(str(path), {'other': 3}, ['lifter']).lifter.a == 3


def test_a_file_with_nearly_the_name_of_a_fact_is_refused(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(f'_base_ = {MAIN!r}\nnum_frame = 15\n')
    with pytest.raises(ConfigError, match="unknown key 'num_frame'; did you mean 'num_frames'?"):
        load_config(str(path))


def test_a_file_that_overrides_a_reference_below_it_is_told_what_to_change(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(f'_base_ = {MAIN!r}\ntrain_dataloader = dict(dataset=dict(radar=dict(num_loops=32)))\n')
    with pytest.raises(ConfigError, match='radar=.* cannot inherit .* To override a reference, change the entry'):
        load_config(str(path))


def test_every_name_of_every_configuration_counts_or_is_refused():
    """And the places that the message names exist: with the option there, something changes."""
    for path in sorted((REPOSITORY / 'configs').rglob('*.py')):
        if '_base_' in path.parts:
            continue
        config = Config.fromfile(path)
        read = {key.split('.')[0] for key in facts(config)}
        for name in config:
            try:
                check_options(config, {name: 1})
            except ConfigError as error:
                _, _, places = str(error).partition('What counts: ')
                for place in filter(None, places.removesuffix(', ...').split(', ')):
                    check_options(config, {place: 1})
            else:
                assert name in ('model', 'work_dir', 'runner_type', *READ, *read), (path, name)


READ = (
    *(f'{split}_{what}' for split in ('train', 'val', 'test') for what in ('dataloader', 'evaluator', 'cfg')),
    *('optim_wrapper', 'param_scheduler', 'auto_scale_lr', 'default_hooks', 'custom_hooks', 'custom_imports'),
    *('default_scope', 'env_cfg', 'randomness', 'log_level', 'log_processor', 'load_from', 'resume', 'visualizer'),
)


@pytest.mark.parametrize(
    'key, message',
    [
        ('frobnicate', "the configuration has no 'frobnicate'"),
        ('optim_wraper.optimizer.lr', "has no 'optim_wraper'; did you mean 'optim_wrapper'?"),
        ('launcher', 'the flag --launcher decides'),
        ('model.hed.num_layers', "model (RadarPoseEstimator) takes no 'hed'; did you mean 'head'?"),
        ('model.backbone.mixer.num_layerz', "(SequenceMixer) takes no 'num_layerz'; did you mean 'num_layers'?"),
        ('model.backbone.stem.chanels', "model.backbone.stem takes no 'chanels'; did you mean 'channels'?"),
        ('model.head.losses.l1.loss_wieght', "(KeypointL1Loss) takes no 'loss_wieght'; did you mean 'loss_weight'?"),
        ('optim_wrapper.optimiser.lr', "(OptimWrapper) takes no 'optimiser'; did you mean 'optimizer'?"),
        ('optim_wrapper.optimizer.learning_rate', "(AdamW) takes no 'learning_rate'; it takes amsgrad, betas, "),
        ('train_cfg.max_epoch', "(EpochBasedTrainLoop) takes no 'max_epoch'; did you mean 'max_epochs'?"),
        ('train_dataloader.batchsize', "train_dataloader takes no 'batchsize'; did you mean 'batch_size'?"),
        ('train_dataloader.workers', "train_dataloader takes no 'workers'; it takes batch_sampler, batch_size"),
        ('train_dataloader.dataset.cachedir', "(HuPRDataset) takes no 'cachedir'; did you mean 'cache_dir'?"),
        ('train_dataloader.dataset.pipeline.2.mod', "(HeatmapToChannels) takes no 'mod'"),
        ('train_dataloader.dataset.pipeline.9.mode', 'pipeline is a list of 5, numbered from 0; it has no'),
        ('train_dataloader.dataset.pipeline.mode', "pipeline is a list of 5, numbered from 0; it has no 'mode'"),
        ('model.backbone.mixer.num_layers.first', "model.backbone.mixer.num_layers is 2, which has no 'first'"),
        ('val_evaluator.perjoint', "(HuPRMetric) takes no 'perjoint'"),
        ('param_scheduler.0.totalsteps', "(OneCycleLR) takes no 'totalsteps'"),
        ('default_hooks.loger.interval', "there is no hook 'loger'; did you mean 'logger'?"),
        ('default_hooks.logger.intervall', "(LoggerHook) takes no 'intervall'"),
        ('custom_hooks.0.seed', "(EpochSeedHook) takes no 'seed'"),
        ('randomness.sed', "randomness takes no 'sed'; did you mean 'seed'?"),
        ('env_cfg.cudnn', "env_cfg takes no 'cudnn'; it takes cudnn_benchmark"),
        ('auto_scale_lr.enabled', "auto_scale_lr takes no 'enabled'; did you mean 'enable'?"),
        ('log_processor.window', "(LogProcessor) takes no 'window'"),
        ('visualizer.linewidth_px', "(RadarPoseVisualizer) takes no 'linewidth_px'"),
    ],
)
def test_keys_that_nobody_takes(key, message):
    with pytest.raises(ConfigError) as error:
        load_config(TINY, {key: 1})
    assert str(error.value).startswith(f'--cfg-options {key}: ') and message in str(error.value)


@pytest.mark.parametrize(
    'options',
    [
        {'optim_wrapper.clip_grad.max_norm': 1, 'optim_wrapper.clip_grad.norm_type': 1},
        {'optim_wrapper.accumulative_counts': 2},
        {'optim_wrapper.loss_scale': 512.0},  # beside --amp
        {'optim_wrapper.paramwise_cfg.norm_decay_mult': 0.0},
        {'optim_wrapper.optimizer.amsgrad': True},
        {'optim_wrapper.optimizer.type': 'SGD', 'optim_wrapper.optimizer.momentum': 0.9},
        {'optim_wrapper.constructor': 'LayerDecayOptimWrapperConstructor'},
        {'train_cfg.val_begin': 3},
        {'train_cfg.by_epoch': False, 'train_cfg.type': 'IterBasedTrainLoop', 'train_cfg.max_iters': 10},
        {'train_dataloader.pin_memory': True, 'train_dataloader.num_batch_per_epoch': 3},
        {'train_dataloader.dataset.shuffle_radar': 0, 'train_dataloader.dataset.indices': 10},
        {'train_dataloader.sampler.round_up': False},
        {'model.backbone.mixer.layer.dt_rank': 3, 'model.head.num_heads': 2},
        {'model.head.losses.velocity.loss_weight': 0.1},
        {'model.head.losses.more.type': 'KeypointL1Loss'},
        {'model.test_cfg.flip_test': True},
        {'model.backbone.init_cfg.type': 'Pretrained', 'model.backbone.init_cfg.checkpoint': 'x.pth'},
        {'default_hooks.checkpoint.save_begin': 2, 'default_hooks.logger.log_metric_by_epoch': False},
        {'default_hooks.ema.type': 'EMAHook', 'default_hooks.ema.momentum': 0.01},
        {'default_hooks.finite_guard.action': 'skip'},
        {'param_scheduler.0.verbose': True, 'param_scheduler.0.convert_to_iter_based': True},
        {'val_evaluator.per_joint': False},
        {'env_cfg.dist_cfg.backend': 'gloo'},
        {'randomness.deterministic': True},
        {'visualizer.line_width_px': 2.0},
        {'work_dir': 'x', 'load_from': 'y', 'resume': True, 'experiment_name': 'z', 'log_level': 'DEBUG'},
        {'optim_wrapper.type': 'elsewhere.Wrapper', 'optim_wrapper.zero': 3},
        {'compile.backend': 'eager', 'sync_bn': 'torch', 'find_unused_parameters': True},
        {'custom_hooks.1.type': 'EarlyStoppingHook', 'custom_hooks.1.monitor': 'coco/AP'},
    ],
)
def test_keys_that_somebody_takes_pass_and_arrive(options):
    config = load_config(MAIN, options)
    for key, value in options.items():
        node = config
        for part in key.split('.'):
            node = node[int(part)] if isinstance(node, list) else node[part]
        assert node == value


def test_what_is_none_is_filled(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(f'_base_ = {MAIN!r}\noptim_wrapper = dict(clip_grad=None)\nvisualizer = None\n')
    config = load_config(str(path), {'optim_wrapper.clip_grad.max_norm': 2.0, 'visualizer.type': 'RadarPoseVisualizer'})
    assert config.optim_wrapper.clip_grad == dict(max_norm=2.0)
    assert config.visualizer == dict(type='RadarPoseVisualizer')


def test_what_a_tool_reads_itself(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(f'_base_ = {MAIN!r}\nlifter = dict(checkpoint="a.pth")\n')
    with pytest.raises(ConfigError, match="nothing reads 'lifter'"):
        load_config(str(path), {'lifter.checkpoint': 'b.pth'})
    assert load_config(str(path), {'lifter.checkpoint': 'b.pth'}, ['lifter']).lifter.checkpoint == 'b.pth'
    with pytest.raises(ConfigError, match="lifter takes no 'chekpoint'; did you mean 'checkpoint'?"):
        load_config(str(path), {'lifter.chekpoint': 'b.pth'}, ['lifter'])


def test_modules_that_an_option_imports_are_imported(tmp_path, monkeypatch):
    (tmp_path / 'imported_by_option.py').write_text('there = True\n')
    monkeypatch.syspath_prepend(tmp_path)
    import sys

    load_config(MAIN, {'custom_imports.imports': ['imported_by_option']})
    assert sys.modules['imported_by_option'].there


def test_takes_is_only_sure_where_nothing_is_passed_on():
    def function(a, *, b=1):
        pass

    assert takes(function, 'b') is True and takes(function, 'c') is False
    assert takes(FiniteGuardHook, 'action') is True and takes(FiniteGuardHook, 'kind') is False
    assert takes(EpochSeedHook, 'seed') is False  # no __init__ at all
    assert takes(CheckpointHook, 'anything') is None  # **kwargs
    assert takes(torch.optim.AdamW, 'fused') is True


def test_names_of_packages_that_may_be_missing_are_not_looked_up():
    assert registered('mmpretrain.VisionTransformer') == [] == registered(None)
    assert [kind.__name__ for kind in registered('mmpose.TopdownPoseEstimator')] == ['TopdownPoseEstimator']


def test_a_configuration_that_was_read_before_takes_options_too():
    for config in (Config.fromfile(MAIN), load_config(MAIN)):
        before = config.to_dict()
        changed = with_options(config, {'model.head.num_layers': 2})
        assert changed.model.head.num_layers == 2 and changed.model.backbone.num_frames == 9
        assert changed.filename == MAIN and config.to_dict() == before
    with pytest.raises(ConfigError, match="nothing reads 'num_frames'.* What counts: model.backbone.num_frames"):
        with_options(load_config(MAIN), {'num_frames': 5})
    assert with_options(Config.fromfile(MAIN), {'num_frames': 5}).model.head.num_frames == 5
