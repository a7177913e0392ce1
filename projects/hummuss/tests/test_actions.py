"""Action recognition: labelled motions, one-shot recognition, augmentation, and the configurations on tiny data."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from hummuss.datasets import ClassPairSampler, MotionActionDataset, MotionLiftingDataset
from hummuss.datasets.random_move import random_move
from hummuss.evaluation import OneShotAccuracy
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError, DataError
from mmradar.simulation import MotionSequence, Performance, Subject
from mmradar.simulation.motion_files import write_npz
from mmradar.simulation.motions import MOTIONS

PROJECT = Path(__file__).resolve().parents[1]
CONTENTS, STYLES = ('walk', 'bow', 'twist'), ('calm', 'old', 'proud')


def build(**kwargs):
    return MotionActionDataset(
        **{**dict(classes=['walk', 'bow', 'kick'], num_clips=6, num_frames=9, clip_s=0.3), **kwargs}
    )


def labels(dataset):
    return [sample['data_samples'].gt_label for sample in dataset]


def values(dataset, name):
    return [getattr(sample['data_samples'], name) for sample in dataset]


@pytest.fixture
def folder(tmp_path):
    """Three contents in three styles, named as Bandai Namco names its files."""
    rng = np.random.default_rng(0)
    for style in STYLES:
        for content in CONTENTS:
            joints = Performance.random(Subject.random(rng), content, rng).joints_m(np.arange(0, 1.5, 1 / 30))
            write_npz(MotionSequence(joints, 30.0, content), tmp_path / f'{content}_{style}_001.npz')
    return tmp_path


# the data set


def test_labels_are_the_motions_and_inputs_those_of_lifting():
    dataset = build()
    lifting = MotionLiftingDataset(motions=['walk', 'bow', 'kick'], num_clips=6, num_frames=9, clip_s=0.3)
    assert labels(dataset) == [0, 1, 2] * 2 and values(dataset, 'action') == ['walk', 'bow', 'kick'] * 2
    for ours, theirs in zip(dataset, lifting, strict=True):
        assert torch.equal(ours['inputs'], theirs['inputs'])
    assert MotionActionDataset(num_clips=21, num_frames=9, clip_s=0.3).classes == tuple(MOTIONS)


def test_actions_come_in_pairs_for_contrastive_losses():
    dataset = build(num_clips=12)
    assert [dataset.get_cat_ids(index)[0] for index in range(len(dataset))] == labels(dataset)
    pairs = np.array(labels(dataset))[list(ClassPairSampler(dataset, seed=0))].reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all() and len(set(pairs[:, 0])) > 1


def test_people_of_the_splits_and_of_seeds_differ():
    sets = [set(values(build(**kwargs), 'person')) for kwargs in (dict(), dict(split='test'), dict(seed=1))]
    assert [len(people) for people in sets] == [6, 6, 6] and len(set.union(*sets)) == 18


def test_samples_do_not_depend_on_workers_and_fresh_ones_follow_the_epoch():
    dataset = build(fresh=True, clip_s=0.7)
    (batch,) = DataLoader(dataset, batch_size=99, num_workers=2, collate_fn=pseudo_collate)
    alone = [dataset[index] for index in reversed(range(len(dataset)))][::-1]
    for inputs, sample, expected in zip(batch['inputs'], batch['data_samples'], alone, strict=True):
        assert torch.equal(inputs, expected['inputs']) and sample.gt_label == expected['data_samples'].gt_label
    dataset.set_epoch(1)
    assert not torch.equal(dataset[0]['inputs'], alone[0]['inputs'])
    assert dataset[0]['data_samples'].gt_label == alone[0]['data_samples'].gt_label


def test_recorded_motions_have_contents_as_labels_and_are_split_by_style(folder):
    recorded = dict(classes=CONTENTS, motion_files=[str(folder)], num_clips=0, views=2)
    train, test = build(split='train', **recorded), build(split='test', **recorded)
    assert set(values(train, 'person')) == {'calm', 'old'} and set(values(test, 'person')) == {'proud'}
    for dataset in (train, test):
        assert [dataset.get_cat_ids(index) for index in range(len(dataset))] == [[label] for label in labels(dataset)]
        assert {CONTENTS[label] for label in labels(dataset)} == set(CONTENTS)
        for sample in dataset:
            name = sample['data_samples'].clip_id.split('/')[-1]
            assert name.startswith(f'{sample["data_samples"].action}_{sample["data_samples"].person}_001')
    assert {clip.action for clip in build(**{**recorded, 'classes': ['bow', 'twist']}).recorded} == {'bow', 'twist'}


def test_files_of_other_actions_are_not_read(folder):
    (folder / 'sit_proud_001.npz').write_bytes(b'no zip')
    with pytest.raises(DataError, match='sit_proud_001'):
        build(classes=CONTENTS, motion_files=[str(folder)], num_clips=0)
    (folder / 'sit_proud_001.npz').rename(folder / 'sit_proud_001.bvh')
    assert len(build(classes=CONTENTS, motion_files=[str(folder)], num_clips=0).recorded) == 6


@pytest.mark.no_shape_checks
@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(classes=None), 'must name the actions of recorded motions'),
        (dict(classes=['walk', 'walk']), 'two or more different names'),
        (dict(classes=['walk']), 'two or more different names'),
        (dict(classes=['walk', 'juggle'], num_clips=2), "unknown motion 'juggle'"),
        (dict(motions=['walk']), 'name them in classes'),
        (dict(file_names='(?P<action>.*)'), r'without \{.person.\}'),
        (dict(file_names='('), 'not a regular expression'),
    ],
)
def test_wrong_arguments(folder, changes, message):
    with pytest.raises(ConfigError, match=message):
        build(**{**dict(classes=CONTENTS, motion_files=[str(folder)], num_clips=0), **changes})


def test_missing_actions_and_other_names_are_errors(folder):
    recorded = dict(motion_files=[str(folder)], num_clips=0)
    (folder / 'bow_proud_001.npz').unlink()
    with pytest.raises(DataError, match="the split 'test' has no clip of bow"):
        build(classes=CONTENTS, split='test', **recorded)
    with pytest.raises(DataError, match='no motion is one of dance, sing; found bow, twist, walk'):
        build(classes=['dance', 'sing'], **recorded)
    with pytest.raises(DataError, match='no clip of kick'):
        build(num_clips=2)
    (folder / 'walk.npz').write_bytes((folder / 'walk_old_001.npz').read_bytes())
    with pytest.raises(DataError, match=r'walk\.npz: the name without suffix does not match'):
        build(classes=CONTENTS, **recorded)


# one-shot recognition


def embedded(embedding, label, person, number):
    return dict(pred_embedding=torch.tensor(embedding), gt_label=label, person=person, id=number)


def one_shot(samples, **kwargs):
    metric = OneShotAccuracy(**kwargs)
    metric.process([], samples)
    return metric.evaluate(len(samples))


def test_the_nearest_exemplar_by_cosine_gives_the_action():
    rng = np.random.default_rng(0)
    directions = {7: [1.0, 0.0], 9: [0.6, 0.8]}  # lengths do not matter
    samples = [
        embedded([x * length for x in directions[label]], label, f'{label} {number}', 10 * label + number)
        for label in directions
        for number, length in enumerate(rng.uniform(0.1, 10, 4))
    ]
    assert one_shot(samples) == {'one_shot/top1': 100.0, 'one_shot/top1_std': 0.0}
    # A clip of 9 looks like those of 7
    samples[-1]['pred_embedding'] = torch.tensor([1.0, -0.01])
    found = one_shot(samples, draws=200)
    # In a quarter of the draws it is the exemplar, to which no other clip of 9 is nearest; else it is the one error
    assert found['one_shot/top1'] == pytest.approx(100 * (0.25 * 3 / 6 + 0.75 * 5 / 6), abs=4)
    assert found['one_shot/top1_std'] > 0
    rng.shuffle(samples)
    assert one_shot(samples, draws=200) == found


def test_random_embeddings_are_at_chance():
    rng = np.random.default_rng(0)
    samples = [embedded(list(rng.normal(size=8)), number % 4, str(number), number) for number in range(400)]
    assert one_shot(samples)['one_shot/top1'] == pytest.approx(25, abs=3)


def test_clips_of_the_exemplars_people_are_no_queries():
    # each person has an embedding of his own: other clips of an exemplar's person would be recognised for certain
    axes = np.eye(4).tolist()
    samples = [embedded(axes[number // 2], number // 2 % 2, f'person {number // 2}', number) for number in range(8)]
    assert one_shot(samples)['one_shot/top1'] < 100
    with pytest.raises(ConfigError, match='all 4 clips are of the people'):
        one_shot(samples[:4])


def test_given_exemplars_are_used_as_they_are():
    embeddings = {0: [1.0, 0.0], 1: [0.0, 1.0]}
    samples = [embedded(embeddings[number % 2], number % 2, 'the same person', number) for number in range(8)]
    samples[7]['pred_embedding'] = torch.tensor([1.0, 0.5])  # of 1, nearer to 0
    for sample in samples:
        sample['exemplar'] = sample['id'] in (2, 5)
    assert one_shot(samples, draws=None)['one_shot/top1'] == pytest.approx(100 * 5 / 6)
    samples[5]['pred_embedding'] = torch.tensor([0.9, 0.5])
    assert one_shot(samples, draws=None)['one_shot/top1'] == 100
    for wrong in ({2}, {2, 3, 5}, {2, 4}, set(range(8))):
        marked = [{**sample, 'exemplar': sample['id'] in wrong} for sample in samples]
        with pytest.raises(ConfigError, match='one exemplar of each of the 2 actions'):
            one_shot(marked, draws=None)
    del samples[0]['exemplar']
    with pytest.raises(DataError, match='no exemplar; it needs an EmbeddingHead, and a NTURGBDSkeletonDataset'):
        one_shot(samples, draws=None)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(person=None), 'no person'),
        (dict(pred_embedding=None), 'no pred_embedding'),
        (dict(pred_embedding=torch.tensor([1.0, float('nan')])), 'embedding of clip 3 is not finite'),
    ],
)
def test_what_one_shot_refuses(changes, message):
    sample = {**embedded([1.0, 0.0], 0, 'a', 3), **changes}
    sample = {key: value for key, value in sample.items() if value is not None}
    with pytest.raises(DataError, match=message):
        OneShotAccuracy().process([], [sample])
    with pytest.raises(ConfigError, match='draws'):
        OneShotAccuracy(draws=0)
    with pytest.raises(ConfigError, match='at least two actions'):
        one_shot([embedded([1.0, 0.0], 0, 'a', 3), embedded([1.0, 0.0], 0, 'b', 4)])


# pairs of an action


class Labelled:
    def __init__(self, *labels):
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def get_cat_ids(self, index):
        return [self.labels[index]]


def test_pairs_are_of_one_class_and_every_clip_is_seen():
    dataset = Labelled(*[0] * 6, *[1] * 5, *[2] * 2)
    sampler = ClassPairSampler(dataset, seed=0)
    order = list(sampler)
    assert len(order) == len(sampler) == 14 and set(order) == set(range(13))
    labels = np.array(dataset.labels)[order].reshape(-1, 2)
    assert (labels[:, 0] == labels[:, 1]).all() and len(set(map(tuple, labels))) == 3
    assert order == list(sampler) == list(ClassPairSampler(dataset, seed=0))
    sampler.set_epoch(1)
    assert order != list(sampler) and sorted(sampler) != list(sampler)
    # Not the same clips together in each epoch
    pairs = [{frozenset(pair) for pair in np.reshape(list(sampler), (-1, 2)).tolist()} for _ in [sampler.set_epoch(2)]]
    assert pairs[0] != {frozenset(pair) for pair in np.reshape(order, (-1, 2)).tolist()}


def test_processes_get_whole_pairs_and_equally_many(monkeypatch):
    dataset = Labelled(*[0] * 6, *[1] * 4)
    shares = []
    for rank in range(2):
        monkeypatch.setattr('hummuss.datasets.class_pair_sampler.get_dist_info', lambda rank=rank: (rank, 2))
        sampler = ClassPairSampler(dataset, seed=0)
        shares.append(list(sampler))
        assert len(shares[-1]) == len(sampler) == 6
        labels = np.array(dataset.labels)[shares[-1]].reshape(-1, 2)
        assert (labels[:, 0] == labels[:, 1]).all()
    assert set(shares[0]) | set(shares[1]) == set(range(10))


def test_what_has_no_pairs_is_an_error():
    with pytest.raises(ConfigError, match='found one only of 1, 3'):
        ClassPairSampler(Labelled(0, 0, 3, 1, 2, 2))
    with pytest.raises(ConfigError, match='the data set is empty'):
        ClassPairSampler(Labelled())
    with pytest.raises(ConfigError, match='list does not have'):
        ClassPairSampler([1, 2])
    with pytest.raises(ConfigError, match='MotionLiftingDataset does not have'):
        ClassPairSampler(MotionLiftingDataset(num_clips=21, num_frames=9, clip_s=0.3))


# augmentation


def test_random_moves_are_similarities_that_change_in_time_and_are_equal_for_all_persons():
    rng = np.random.default_rng(0)
    person = rng.uniform(-1, 1, (6, 5, 2))
    for seed in range(5):
        moved = random_move(np.stack([person, person]), np.random.default_rng(seed))
        np.testing.assert_array_equal(moved[0], moved[1])
        np.testing.assert_array_equal(moved[0], random_move(person, np.random.default_rng(seed)))
        before, after = (np.linalg.norm(joints[:, 1:] - joints[:, :1], axis=-1) for joints in (person, moved[0]))
        scales = after / before
        assert np.ptp(scales, axis=1).max() < 1e-12 and 0.9 <= scales.min() <= scales.max() <= 1.1
        assert np.ptp(np.diff(scales[:, 0])) < 1e-12 < np.ptp(scales[:, 0])  # linear in time
    np.testing.assert_allclose(random_move(person, rng, angle_deg=0, scale=0, shift=0), person)
    turned = random_move(np.array([[[1.0, 0.0]]] * 2), np.random.default_rng(3), scale=0, shift=0)
    assert 0 < np.abs(np.arctan2(turned[..., 1], turned[..., 0])).max() <= np.deg2rad(10)


# configurations


def tiny(name, work_dir, folder=None):
    """A configuration with data and a model of a few seconds."""
    config = load_config(str(PROJECT / 'configs' / f'{name}.py'))
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=7, num_workers=0, persistent_workers=False)
        loader.dataset.update(num_frames=5, clip_s=0.4)
        if folder is None:
            loader.dataset.num_clips = 21
        else:
            loader.dataset.update(motion_files=[str(folder)], classes=CONTENTS)
            config.model.head.num_classes = len(CONTENTS)
    config.model.backbone.update(embed_dims=8, depth=1)
    config.train_cfg.update(max_epochs=1, val_interval=1)
    config.param_scheduler[0].total_steps = 1
    config.work_dir = str(work_dir)
    return config


@pytest.mark.parametrize(
    ('name', 'metric'),
    [
        ('hummuss_action_small_motion', 'action/top1'),
        ('hummuss_action_bandai_namco', 'action/top1'),
        ('hummuss_one_shot_small_motion', 'one_shot/top1'),
    ],
)
def test_configurations_train_and_are_tested_by_the_repositorys_tool(tmp_path, folder, name, metric, monkeypatch):
    config = tiny(name, tmp_path / 'work', folder if 'bandai' in name else None)
    runner = Runner.from_cfg(config)
    runner.train()
    validated = runner.message_hub.get_scalar(f'val/{metric}').current()
    assert 0 <= validated <= 100
    config.dump(tmp_path / 'dumped.py')
    out = tmp_path / 'metrics.json'
    arguments = ['test', str(tmp_path / 'dumped.py'), str(tmp_path / 'work' / 'epoch_1.pth'), '--out', str(out)]
    monkeypatch.setattr(sys, 'argv', arguments)
    runpy.run_path(str(PROJECT.parents[1] / 'tools' / 'test.py'), run_name='__main__')
    assert 0 <= json.loads(out.read_text())[metric] <= 100


def test_one_shot_actions_are_not_in_the_training_and_heads_fit_the_classes():
    config = load_config(str(PROJECT / 'configs' / 'hummuss_one_shot_small_motion.py'))
    known, new = set(config.train_dataloader.dataset.classes), set(config.test_dataloader.dataset.classes)
    assert not known & new and known | new == set(MOTIONS)
    assert config.val_dataloader.dataset.classes == config.test_dataloader.dataset.classes
    config = load_config(str(PROJECT / 'configs' / 'hummuss_action_small_motion.py'))
    assert config.model.head.num_classes == len(MOTIONS)
    config = load_config(str(PROJECT / 'configs' / 'hummuss_action_bandai_namco.py'))
    assert config.model.head.num_classes == len(config.test_dataloader.dataset.classes)
