"""Every configuration of the package and of its projects: facts said once, dumped and read again, built and run."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from conftest import FITTED, REPOSITORY
from mmradar.apis import build_loader
from mmradar.apis.complexity import heatmap_shape
from mmradar.apis.configuration import load_config, with_options
from mmradar.apis.data_folders import datasets_of
from mmradar.engine.checkpoint import config_text
from mmradar.interpolation import check_resolved
from mmradar.models import FittedPoseEstimator
from mmradar.registry import DATASETS, METRICS, MODELS, TRANSFORMS
from mmradar.simulation import SimulationPlan, write_hupr_dataset

PROJECTS = sorted(path.parent for path in REPOSITORY.glob('projects/*/configs'))
CONFIGS = sorted(
    str(path.relative_to(REPOSITORY))
    for folder in [REPOSITORY, *PROJECTS]
    for path in (folder / 'configs').rglob('*.py')
    if not {'_base_', 'suites'} & set(path.parts)
)


def test_there_are_configurations_of_the_package_and_of_both_projects():
    assert {path.name for path in PROJECTS} == {'glsmamba', 'hummuss'}
    assert {name.split('configs/')[0] for name in CONFIGS} == {'', 'projects/glsmamba/', 'projects/hummuss/'}


def read(name, options=None):
    return load_config(str(REPOSITORY / name), options)


@pytest.mark.parametrize('name', CONFIGS)
def test_no_reference_is_left_and_what_is_dumped_is_read_as_the_same(name, monkeypatch, tmp_path):
    monkeypatch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, False))  # half a second each
    config = read(name)
    check_resolved(config)
    config.dump(tmp_path / 'dumped.py')
    assert load_config(str(tmp_path / 'dumped.py')).to_dict() == config.to_dict()


@pytest.mark.parametrize('name', CONFIGS)
def test_every_configuration_builds(name):
    """As checkpoints carry it: its model at full size, on the meta device; transforms, metrics, data sets' classes."""
    config = Config(json.loads(config_text(read(name))))
    if config.get('body_model') == dict(type='AnnyBody') and importlib.util.find_spec('anny') is None:
        pytest.skip("anny is not installed (pip install --no-deps 'anny>=0.6.2,<0.7')")
    init_default_scope('mmradar')
    # mmpose's DSTFormer asks a tensor for its values
    with torch.device('cpu' if 'dstformer' in name else 'meta'):
        model = MODELS.build(config.model)
    assert isinstance(model, FittedPoseEstimator) == (Path(name).stem in FITTED)
    assert sum(p.numel() for p in model.parameters()) > 1e5 or config.train_cfg.get('type') == 'FitLoop'
    for split in ('train', 'val', 'test'):
        dataset = config[f'{split}_dataloader'].dataset
        assert DATASETS.get(dataset.type) is not None
        for step in dataset.get('pipeline', []):
            TRANSFORMS.build(step)
    for split in ('val', 'test'):
        evaluators = config[f'{split}_evaluator']
        for metric in evaluators if isinstance(evaluators, list) else [evaluators]:
            METRICS.build(metric)


# Fewer samples, so that frames are small, but all loops, of which some configurations take 64.
FEW_SAMPLES = dict(preset='iwr1843_hupr', num_samples=128)
SMALL_MAPS = {'num_angle': 32, 'range_bins': (31, 63), 'batch_size': 2, 'val_batch_size': 2, 'num_workers': 0}
NARROW = {  # by the type of a network's stem, or else of its backbone
    'ViewStem': {'model.backbone.stem.channels': (4, 4, 4, 8)},
    'FrameStem': {
        'model.backbone.stem.channels': (4, 8),
        'model.backbone.crop.num_bins': 16,
        'model.backbone.mixer.out_dims': 16,
        'model.head.embed_dims': 16,
    },
    'HuPREncoder': {'model.backbone.stem.channels': 4},
    'ForkedCNN': {'model.backbone.channels': (4, 4, 4), 'model.backbone.hidden': (16, 16, 16)},
}


@pytest.fixture(scope='module')
def two_frames_root(tmp_path_factory):
    """Three sequences of two frames: shorter than any window but one."""
    plan = SimulationPlan(train=1, val=1, test=1, num_frames=2, sequences_per_subject=1, radar=FEW_SAMPLES)
    return write_hupr_dataset(tmp_path_factory.mktemp('two_frames') / 'set', plan)


def narrowed(name, root):
    """The configuration with its networks made narrow, on two frames of small heatmaps; depth and loss as they are."""
    config = Config.fromfile(str(REPOSITORY / name))
    backbone = config.model.backbone
    kind = 'ViewStem' if backbone.type in ('CVMamba', 'TransHuPREncoder') else backbone.type
    options = SMALL_MAPS | NARROW[backbone.get('stem', {}).get('type', kind)]
    if backbone.type == 'HuPREncoder':  # whose heatmaps are as large as its finest maps
        size = 32 // backbone.stem.get('stride', 1)
        options['model.head.codec.heatmap_size'] = (size, size)
    config = with_options(config, options)
    for split in ('train', 'test'):
        for dataset in datasets_of(config[f'{split}_dataloader']):
            if dataset.type == 'HuPRDataset':
                dataset.update(data_root=str(root), sequences=None, radar=FEW_SAMPLES, cache_dir=None)
            else:
                dataset.num_windows = 2
            dataset.serialize_data = False  # mmengine collects garbage then, half of the time of a test
    config.test_evaluator.train_ann_file = str(root / 'hrnet_annot_train.json')
    return config


TRAINED = [name for name in CONFIGS if name.startswith('configs/') and Path(name).stem not in FITTED]


@pytest.mark.parametrize('name', TRAINED)
def test_every_configuration_of_the_package_trains_a_step_and_is_tested(name, two_frames_root):
    config = narrowed(name, two_frames_root)
    model = MODELS.build(config.model).train()
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    optim_wrapper = build_optim_wrapper(model, config.optim_wrapper)
    losses = model.train_step(next(iter(build_loader(config, 'train'))), optim_wrapper)
    assert losses['loss'].isfinite() and losses['loss'] > 0
    changed = {key.split('.')[0] for key, value in model.named_parameters() if not torch.equal(value, before[key])}
    assert changed == {'backbone', 'head'}

    loader = build_loader(config, 'test')
    evaluator = Evaluator(config.test_evaluator)
    evaluator.dataset_meta = loader.dataset.metainfo
    for batch in loader:
        evaluator.process(data_samples=model.eval().test_step(batch), data_batch=batch)
    assert 0 <= evaluator.evaluate(len(loader.dataset))['coco/AP'] <= 100


ABLATIONS = [name for name in CONFIGS if name.startswith('configs/ablations/')]


@pytest.mark.parametrize('name', ABLATIONS)
def test_every_ablation_says_which_row_it_is_and_whose_numbers_the_papers_are(name):
    comment = (REPOSITORY / name).read_text().split('_base_')[0].replace('\n# ', ' ')
    if not comment.startswith('# Not in the paper'):
        assert re.match(r'# Table [4-8] of the paper \(\w+\), row', comment)
        assert "TransHuPR's, where" in comment and '74.5' in comment
    if comment.startswith('# Table 4'):
        assert 'Compare it with millimamba_light_hupr.py' in comment


@pytest.mark.parametrize('name', ['4dfft', 'density'])
def test_inputs_are_compared_at_one_crop(name):
    """The light configuration's network, window and range; only what the input is made of differs."""
    light = read('configs/millimamba_light_hupr.py')
    other = read(f'configs/ablations/millimamba_{name}_hupr.py')
    shapes = [heatmap_shape(config) for config in (light, other)]
    assert [shape[:2] + shape[3:] for shape in shapes] == [(9, 2, 64, 8, 64)] * 2
    other.model.backbone.stem.in_channels = light.model.backbone.stem.in_channels
    assert other.model == light.model and other.optim_wrapper == light.optim_wrapper


MAIN = 'configs/millimamba_hupr.py'
FACTS = {
    'num_frames = 15': dict(num_frames=15),
    "views = ('vert',)": dict(views=('vert',)),
    'range_bins = (31, 95)': dict(range_bins=(31, 95)),
}


@pytest.mark.parametrize('line', FACTS)
def test_a_fact_is_changed_in_two_lines_or_by_an_option_and_reaches_everything(line, tmp_path):
    path = tmp_path / 'own.py'
    path.write_text(f'_base_ = {str(REPOSITORY / MAIN)!r}\n{line}\n')
    own, main = load_config(str(path)), read(MAIN)
    assert own.to_dict() == read(MAIN, FACTS[line]).to_dict() != main.to_dict()
    facts = dict(num_frames=9, views=('hori', 'vert'), range_bins=(0, 256)) | FACTS[line]
    start, stop = facts['range_bins']
    assert own.model.head.num_frames == facts['num_frames']
    for split in ('train', 'val', 'test'):
        dataset = own[f'{split}_dataloader'].dataset
        assert dataset.window == dict(num_frames=facts['num_frames'], key='centre')
        assert dataset.views == facts['views'] and dataset.pipeline[0].range_bins == facts['range_bins']
    with torch.device('meta'):
        backbone = MODELS.build(own.model).backbone
    found = backbone.num_frames, backbone.num_views, backbone.input_size
    assert found == (facts['num_frames'], len(facts['views']), (64, stop - start))


@pytest.mark.parametrize('option', ['max_epochs', 'train_cfg.max_epochs'])
@pytest.mark.parametrize('name', ['configs/millimamba_hupr.py', 'configs/millimamba_tiny_simhupr.py'])
def test_the_schedule_is_as_long_as_the_training(name, option):
    config = read(name, {option: 7})
    schedule = config.param_scheduler[-1]
    lengths = {schedule[key] for key in ('total_steps', 'T_max', 'end') if key in schedule}
    assert lengths == {7} == {config.train_cfg.max_epochs}


def test_the_ablations_of_frames_and_radars_are_two_lines():
    for name in [*(f't{frames}' for frames in (1, 3, 5, 7, 15)), 'hori', 'vert']:
        text = (REPOSITORY / f'configs/ablations/millimamba_{name}_hupr.py').read_text()
        assert len([line for line in text.splitlines() if line and not line.startswith('#')]) == 2


def test_both_networks_of_the_demo_see_the_same_data_and_learn_alike():
    tiny = read('configs/millimamba_tiny_simhupr.py', {'num_frames': 4}).to_dict()
    hupr = read('configs/baselines/hupr_tiny_simhupr.py').to_dict()
    assert tiny.pop('model') != hupr.pop('model')
    assert tiny == hupr


@pytest.mark.parametrize(
    'name, options',
    [('transhupr', {}), ('mmpose', dict(num_frames=1, channel_mode='log_magnitude', normalize_over='frame'))],
)
def test_the_narrow_baselines_differ_from_the_tiny_network_in_what_their_comments_say(name, options):
    tiny = read('configs/millimamba_tiny_simhupr.py', options).to_dict()
    baseline = read(f'configs/baselines/{name}_tiny_simhupr.py').to_dict()
    assert tiny.pop('model') != baseline.pop('model')
    assert tiny == baseline


@pytest.mark.parametrize('name', sorted(FITTED))
def test_baselines_without_a_network_are_fitted_and_read_what_the_networks_read(name):
    """The data of the small network; radar data only where they are looked at."""
    config = read(f'configs/baselines/{name}.py')
    assert config.train_cfg == dict(type='FitLoop') and config.optim_wrapper == {}
    small = read(f'configs/millimamba_small_{name.split("_")[-1]}.py')
    for split in ('train', 'val', 'test'):
        ours, theirs = (each[f'{split}_dataloader'].dataset.to_dict() for each in (config, small))
        frames = 1 if 'nearest' in name else 2
        assert ours.pop('window')['num_frames'] == frames and theirs.pop('window')['num_frames'] == 16
        pipeline, other = ours.pop('pipeline'), theirs.pop('pipeline')
        no_radar = [dict(type='EmptyHeatmap'), dict(type='PackRadarInputs')]
        assert pipeline == (other if 'nearest' in name else no_radar)
        assert ours == theirs


def test_loaders_share_nothing():
    """What is changed in one, as tests and tools do, stays there."""
    config = read(MAIN)
    config.train_dataloader.dataset.radar.num_loops = 32
    config.train_dataloader.dataset.pipeline[0].num_chirps = 4
    val = config.val_dataloader.dataset
    assert val.radar == dict(preset='iwr1843_hupr') and val.pipeline[0].num_chirps == 8
