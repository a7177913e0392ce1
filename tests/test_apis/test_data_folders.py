"""One flag reaches everything that reads the data set."""

import argparse

import pytest
from mmengine.config import Config

from conftest import REPOSITORY
from mmradar.apis.data_folders import datasets_of, set_cache_dir, set_data_root
from mmradar.cli import config_from
from mmradar.errors import ConfigError

HUPR = dict(type='HuPRDataset', data_root='data/HuPR/', ann_file='hrnet_annot_train.json')


def configuration(dataset, **others):
    return Config(dict(train_dataloader=dict(dataset=dataset, num_workers=0), **others))


@pytest.mark.parametrize(
    'dataset, count',
    [
        (HUPR, 1),
        (dict(type='RepeatDataset', times=3, dataset=HUPR), 1),
        (dict(type='ConcatDataset', datasets=[HUPR, dict(HUPR, ann_file='b.json')]), 2),
        (dict(type='ConcatDataset', datasets=[dict(type='RepeatDataset', times=2, dataset=HUPR), HUPR]), 2),
        (dict(type='CombinedDataset', metainfo={}, pipeline=[], datasets=[HUPR, HUPR]), 2),
        (dict(type='ClassBalancedDataset', oversample_thr=0.1, dataset=dict(type='ConcatDataset', datasets=[HUPR])), 1),
    ],
)
def test_data_sets_within_others_are_reached(dataset, count):
    config = configuration(dataset)
    assert set_data_root(config, '/new') == []
    set_cache_dir(config, 'kept')
    found = list(datasets_of(config.train_dataloader))
    assert len(found) == count
    assert all((x.data_root, x.cache_dir, x.type) == ('/new', 'kept', 'HuPRDataset') for x in found)
    # and nothing else has changed, least of all the wrappers, which take neither
    for settings in found:
        settings.data_root = HUPR['data_root']
        settings.pop('cache_dir')
    assert config.train_dataloader.to_dict() == dict(dataset=dataset, num_workers=0)


def test_evaluators_read_from_there_too_alone_or_in_a_list():
    metric = dict(type='CocoMetric', ann_file='data/HuPR/annotations/val.json')
    config = configuration(HUPR, val_evaluator=metric, test_evaluator=[dict(type='PCKAccuracy', thr=0.2), metric])
    assert set_data_root(config, 'other/HuPR') == []
    assert config.val_evaluator.ann_file == config.test_evaluator[1].ann_file == 'other/HuPR/annotations/val.json'
    assert config.test_evaluator[0] == dict(type='PCKAccuracy', thr=0.2)


@pytest.mark.parametrize('root', ['data/HuPR', 'data/HuPR/', './data/HuPR//', 'data/x/../HuPR'])
def test_paths_are_compared_not_letters(root):
    own = dict(
        HUPR, data_root=root, bbox_file='data/HuPR/boxes.json', cache_dir='./data/HuPR/cache', adc_path='data/HuPR2/x',
        split='data', url='https://data/HuPR/x',
    )  # fmt: skip
    config = configuration(own)
    set_data_root(config, 'new')
    found = config.train_dataloader.dataset
    assert (found.data_root, found.bbox_file, found.cache_dir) == ('new', 'new/boxes.json', 'new/cache')
    assert all(found[key] == own[key] for key in ('adc_path', 'split', 'url', 'ann_file'))


@pytest.mark.parametrize('root', ['.', '', None])
def test_a_root_that_is_the_current_folder_moves_nothing_else(root):
    config = configuration(dict(HUPR, data_root=root, bbox_file='boxes/a.json', ann_file=''))
    set_data_root(config, 'new')
    assert config.train_dataloader.dataset == dict(HUPR, data_root='new', bbox_file='boxes/a.json', ann_file='')


def test_a_new_root_within_the_old_one_is_entered_once():
    shared = dict(dataset=HUPR)
    metric = dict(ann_file='data/HuPR/a.json')
    config = Config(dict(val_dataloader=shared, test_dataloader=shared, val_evaluator=metric, test_evaluator=metric))
    set_data_root(config, 'data/HuPR/release2')
    assert config.test_evaluator.ann_file == config.val_evaluator.ann_file == 'data/HuPR/release2/a.json'
    assert config.test_dataloader.dataset.data_root == 'data/HuPR/release2'


def test_what_stays_and_what_becomes_one_is_said():
    datasets = [HUPR, dict(HUPR, data_root='data/simhupr')]
    config = configuration(
        dict(type='ConcatDataset', datasets=datasets), val_evaluator=[dict(type='X', ann_file='elsewhere/a.json')]
    )
    assert set_data_root(config, 'new') == [
        '--data-root takes the place of 2 folders: data/HuPR, data/simhupr',
        '--data-root leaves val_evaluator.0.ann_file = elsewhere/a.json',
    ]


def test_of_roots_within_each_other_the_nearest_counts():
    inner, outer = dict(HUPR, data_root='data/sets/inner'), dict(HUPR, data_root='data')
    for datasets in ([inner, outer], [outer, inner]):
        config = configuration(
            dict(type='ConcatDataset', datasets=datasets), val_evaluator=dict(ann_file='data/sets/inner/a.json')
        )
        set_data_root(config, 'new')
        assert config.val_evaluator.ann_file == 'new/a.json'


def test_where_it_reaches_nothing_it_is_refused():
    config = configuration(dict(type='SimulatedRadarDataset', num_windows=4))
    with pytest.raises(ConfigError, match='--data-root reaches nothing.* has a data_root.*SimulatedRadarDataset'):
        set_data_root(config, 'new')
    with pytest.raises(ConfigError, match='--cache-dir reaches nothing'):
        set_cache_dir(config, 'new')
    assert config.train_dataloader.dataset == dict(type='SimulatedRadarDataset', num_windows=4)


def test_a_data_set_without_a_folder_gets_one_if_it_names_files_or_must_have_one():
    for named in (dict(type='HuPRDataset'), dict(type='CocoDataset', ann_file='a.json')):
        config = configuration(named)
        set_data_root(config, 'new')
        assert config.train_dataloader.dataset == dict(named, data_root='new')
    with pytest.raises(ConfigError, match='reaches nothing'):
        set_data_root(configuration(dict(type='CocoDataset')), 'new')


def test_a_data_set_that_takes_none_is_left_alone_beside_one_that_does():
    config = configuration(HUPR, val_dataloader=dict(dataset=dict(type='SimulatedRadarDataset')))
    set_data_root(config, 'new')
    set_cache_dir(config, 'kept')
    assert config.val_dataloader.dataset == dict(type='SimulatedRadarDataset')


def arguments(config, **flags):
    return argparse.Namespace(
        **{'config': str(config), 'cfg_options': {}, 'data_root': None, 'cache_dir': None, **flags}
    )


def test_the_flags_of_the_tools_go_there(tmp_path, capsys):
    config = config_from(arguments(REPOSITORY / 'configs/millimamba_tiny_simhupr.py', data_root='/sets/sim'))
    for split in ('train', 'val', 'test'):
        dataset = config[f'{split}_dataloader'].dataset
        # the cache lies in the set's own folder there, and so it does here
        assert (dataset.data_root, dataset.cache_dir) == ('/sets/sim', '/sets/sim/heatmap_cache')
    assert (config.data_root, config.cache_dir) == ('/sets/sim', '/sets/sim/heatmap_cache')
    own = tmp_path / 'own.py'
    own.write_text(
        f"""_base_ = {str(REPOSITORY / 'configs/millimamba_tiny_simhupr.py')!r}
test_evaluator = [dict(type='HuPRMetric'), dict(type='CocoMetric', ann_file='shared/a.json')]
"""
    )
    config = config_from(arguments(own, data_root='a', cache_dir='b'))
    assert {config[f'{split}_dataloader'].dataset.cache_dir for split in ('train', 'val', 'test')} == {'b'}
    assert (config.data_root, config.cache_dir) == ('a', 'b')
    assert 'Note: --data-root leaves test_evaluator.1.ann_file = shared/a.json' in capsys.readouterr().err
