"""The package's suites: their rows build, and differ from each other in what they say."""

import functools
import json

import pytest
import torch
from mmengine.config import Config

from conftest import REPOSITORY
from mmradar.apis import read_config
from mmradar.apis.configuration import load_config
from mmradar.experiments import read_suite
from mmradar.models import FittedPoseEstimator
from mmradar.registry import MODELS

SUITES = sorted(path.stem for path in (REPOSITORY / 'configs/suites').glob('*.py'))


@functools.cache
def configs_of(name):
    """The configurations of a suite's rows, by the row's name."""
    suite = read_suite(REPOSITORY / f'configs/suites/{name}.py')
    return {row.name: suite.experiment(row, suite.seeds[0], REPOSITORY).config() for row in suite.rows}


@functools.cache
def built(model):
    """A model that is given as JSON; the suites share most of them."""
    with torch.device('meta'):
        return MODELS.build(json.loads(model))


@pytest.mark.parametrize('name', SUITES)
def test_every_row_of_the_package_s_suites_builds_and_differs(name):
    texts = [json.dumps(config.to_dict(), sort_keys=True, default=str) for config in configs_of(name).values()]
    assert len(set(texts)) == len(texts)
    for text in texts:
        model = built(json.dumps(json.loads(text)['model']))
        assert isinstance(model, FittedPoseEstimator) or sum(p.numel() for p in model.parameters()) > 1e5


def leaves(node, key=''):
    """Values of nested settings by dotted key."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if not children:
        return {key: node}
    return {path: leaf for name, child in children for path, leaf in leaves(child, f'{key}.{name}'.lstrip('.')).items()}


def differences(one: Config, other: Config):
    """Dotted keys at which two configurations differ; those of the three loaders as those of one ``dataset``."""
    one, other = leaves(one.to_dict()), leaves(other.to_dict())
    keys = {key for key in one.keys() | other.keys() if key not in one or key not in other or one[key] != other[key]}
    return {key.partition('_dataloader.')[2] or key for key in keys if not key.startswith('dataset.')}


FRAMES = {'num_frames', 'dataset.window.num_frames', 'model.backbone.num_frames', 'model.head.num_frames'}
VIEWS = {'views', 'dataset.views', 'model.backbone.num_views'}
CHIRPS = {
    f'{place}{key}' for place in ('', 'pipeline.0.', 'dataset.pipeline.0.') for key in ('num_chirps', 'num_doppler')
}
MODE = {'channel_mode', 'pipeline.2.mode', 'dataset.pipeline.2.mode'}
IN_CHANNELS, LAYER = 'model.backbone.stem.in_channels', 'model.backbone.mixer.layer'
L1 = {f'model.head.losses.l1.{key}' for key in ('type', 'loss_weight')}
ROWS = {  # of paper.py: what differs from the full model, or from another row
    'magnitude': {*MODE, IN_CHANNELS},
    'log-magnitude': {*MODE, IN_CHANNELS},
    'normalised over the frame': {'normalize_over', 'pipeline.3.over', 'dataset.pipeline.3.over'},
    **{f'{chirps} chirps': CHIRPS for chirps in (4, 16, 64)},
    'many to one': {'model.head.type'},
    **{f'without {kind} attention': {f'model.head.layer.{kind}'} for kind in ('spatial', 'temporal')},
    'without cross-attention': {'model.head.layer.cross'},
    **{f'T = {frames}': FRAMES for frames in (1, 3, 5, 7, 15)},
    **{f'{view} radar': VIEWS for view in ('horizontal', 'vertical')},
    ('Transformer, T = 3', 'T = 3'): {f'{LAYER}.{key}' for key in ('type', 'expand', 'd_state')},
    ('Transformer, T = 9', 'Transformer, T = 3'): FRAMES,
    'no encoder': {'model.backbone.mixer.num_layers'},
    'one direction': {f'{LAYER}.bidirectional'},
    'raster': {'model.backbone.mixer.scan_order'},
    'time first': {'model.backbone.mixer.time_first'},
    **{f'velocity weight {weight}': {'model.head.losses.velocity.loss_weight'} for weight in ('0', '0.5')},
    **{f'velocity in {unit}': {'model.head.losses.velocity.unit'} for unit in ('images', 'bodies')},
    'L1': {*L1, *(f'model.head.losses.oks{key}' for key in ('', '.type'))},
    'OKS and L1': L1,
}
OTHERS = {'milliMamba', 'HuPR', 'TransHuPR', 'mm-Pose', '3D FFT, light', '4D FFT', 'density map'}


def test_all_ablations_of_the_paper_s_suite_are_listed():
    listed = {row if isinstance(row, str) else row[0] for row in ROWS}
    assert listed | OTHERS == set(configs_of('paper'))


@pytest.mark.parametrize('row', ROWS, ids=str)
def test_a_row_differs_from_the_full_model_in_what_it_says_and_in_nothing_else(row):
    row, reference = (row, 'milliMamba') if isinstance(row, str) else row
    configs = configs_of('paper')
    assert differences(configs[row], configs[reference]) == ROWS[row if reference == 'milliMamba' else (row, reference)]


@pytest.mark.parametrize('row', ['4D FFT', 'density map'])
def test_other_inputs_differ_from_the_light_model_in_the_input_alone(row):
    configs = configs_of('paper')
    found = differences(configs[row], configs['3D FFT, light'])
    inputs = ('pipeline', 'dataset.pipeline', 'num_chirps', 'antenna_order', 'channel_mode', 'normalize_over')
    assert {key for key in found if not key.startswith(inputs)} <= {IN_CHANNELS}


SETS = {'transhupr': {'radar.preset'}, 'simhupr': set()}


@pytest.mark.parametrize('name', SETS)
def test_the_rows_are_the_same_on_other_data_sets(name):
    paper, other = configs_of('paper'), configs_of(f'paper_{name}')
    assert list(paper) == list(other)
    config = read_config(f'millimamba_{name}', {'randomness.seed': 0})
    assert other['milliMamba'].to_dict() == config.to_dict()
    places = {'data_root', 'dataset.data_root', 'val_evaluator.train_ann_file', 'test_evaluator.train_ann_file'}
    places |= SETS[name] | {f'dataset.{key}' for key in SETS[name]}
    for row in paper:
        found = {key for key in differences(paper[row], other[row]) if 'sequences' not in key}
        assert found == places, row
        assert all(other[row][f'{split}_dataloader'].dataset.sequences is None for split in ('train', 'val', 'test'))


def test_an_ablation_on_another_data_set_inherits_as_the_page_says(tmp_path):
    page = (REPOSITORY / 'docs/configurations.md').read_text()
    text = page.split('title="configs/my_t15_simhupr.py"\n')[1].split('```')[0]
    path = tmp_path / 'own.py'
    path.write_text(text.replace("'ablations/", f"'{REPOSITORY}/configs/ablations/"))
    # the suite leaves the folder to --data-root
    own = load_config(str(path), {'randomness.seed': 0, 'data_root': 'data/simhupr'})
    assert differences(own, configs_of('paper_simhupr')['T = 15']) == set()
