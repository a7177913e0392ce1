"""Every configuration of the package and of its projects: facts said once, dumped and read again, built."""

import json
import re

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from conftest import REPOSITORY
from mmradar.apis.complexity import heatmap_shape
from mmradar.apis.configuration import load_config
from mmradar.engine.checkpoint import config_text
from mmradar.interpolation import check_resolved
from mmradar.registry import DATASETS, METRICS, MODELS, TRANSFORMS

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
    init_default_scope('mmradar')
    # mmpose's DSTFormer asks a tensor for its values
    with torch.device('cpu' if 'dstformer' in name else 'meta'):
        assert sum(p.numel() for p in MODELS.build(config.model).parameters()) > 1e5
    for split in ('train', 'val', 'test'):
        dataset = config[f'{split}_dataloader'].dataset
        assert DATASETS.get(dataset.type) is not None
        for step in dataset.get('pipeline', []):
            TRANSFORMS.build(step)
    for split in ('val', 'test'):
        evaluators = config[f'{split}_evaluator']
        for metric in evaluators if isinstance(evaluators, list) else [evaluators]:
            METRICS.build(metric)


# the paper's; those on simulated data are ours
ABLATIONS = [name for name in CONFIGS if re.fullmatch(r'configs/ablations/\w+_hupr\.py', name)]


@pytest.mark.parametrize('name', ABLATIONS)
def test_every_ablation_says_which_row_it_is_and_whose_numbers_the_papers_are(name):
    comment = (REPOSITORY / name).read_text().split('_base_')[0]
    assert re.match(r'# Table [4-8] of the paper \(\w+\), row', comment) and "TransHuPR's" in comment
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


def test_loaders_share_nothing():
    """What is changed in one, as tests and tools do, stays there."""
    config = read(MAIN)
    config.train_dataloader.dataset.radar.num_loops = 32
    config.train_dataloader.dataset.pipeline[0].num_chirps = 4
    val = config.val_dataloader.dataset
    assert val.radar == dict(preset='iwr1843_hupr') and val.pipeline[0].num_chirps == 8
