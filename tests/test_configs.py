"""Every configuration of the package and of its projects builds with what the README installs."""

import re
import sys

import pytest
import torch
from mmengine.registry import init_default_scope

from conftest import REPOSITORY
from mmradar.apis.complexity import heatmap_shape
from mmradar.apis.configuration import load_config
from mmradar.registry import DATASETS, METRICS, MODELS, TRANSFORMS

PROJECTS = sorted(path.parent for path in REPOSITORY.glob('projects/*/configs'))
CONFIGS = sorted(
    str(path.relative_to(REPOSITORY))
    for folder in [REPOSITORY, *PROJECTS]
    for path in (folder / 'configs').rglob('*.py')
    if '_base_' not in path.parts
)


def test_there_are_configurations_of_the_package_and_of_both_projects():
    assert {path.name for path in PROJECTS} == {'glsmamba', 'hummuss'}
    assert {name.split('configs/')[0] for name in CONFIGS} == {'', 'projects/glsmamba/', 'projects/hummuss/'}


@pytest.mark.parametrize('name', CONFIGS)
def test_every_configuration_builds(name, monkeypatch):
    """Its model at full size, on the meta device; its transforms and metrics; its data sets' classes."""
    monkeypatch.setattr(sys, 'path', [*map(str, PROJECTS), *sys.path])  # as PYTHONPATH in the projects' READMEs
    config = load_config(str(REPOSITORY / name))
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
    light = load_config(str(REPOSITORY / 'configs/millimamba_light_hupr.py'))
    other = load_config(str(REPOSITORY / f'configs/ablations/millimamba_{name}_hupr.py'))
    shapes = [heatmap_shape(config) for config in (light, other)]
    assert [shape[:2] + shape[3:] for shape in shapes] == [(9, 2, 64, 8, 64)] * 2
    other.model.backbone.stem.in_channels = light.model.backbone.stem.in_channels
    assert other.model == light.model and other.optim_wrapper == light.optim_wrapper
