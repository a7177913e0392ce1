"""Training, testing and evaluating as calls, one after the other in a process."""

import copy
import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from conftest import REPOSITORY
from mmradar import apis
from mmradar.apis.mean_pose import mean_pose_metrics
from mmradar.cli.progress_hook import ProgressHook
from mmradar.engine.checkpoint import latest_checkpoint
from mmradar.errors import CheckpointError, ConfigError
from mmradar.simulation import PLANS, CompactForm, write_hupr_dataset

EVERY_STEP = {'default_hooks.logger.interval': 1}


def pretend_checkpoint(config, path):
    """Weights as a training begins with, and as it would save them."""
    torch.save(dict(state_dict=apis.init_model(config).state_dict()), path)
    return path


def scalars(folder):
    return [json.loads(line) for line in folder.read_text().splitlines()]


def test_train_resume_test_and_evaluate(tiny_config, tmp_path):
    before, steps, batches = copy.deepcopy(tiny_config.to_dict()), [], []
    work = tmp_path / 'own'
    first = apis.train(
        tiny_config,
        work_dir=work,
        cfg_options={'train_cfg.max_epochs': 1, **EVERY_STEP},
        validate=False,
        hooks=[ProgressHook(lambda *done: steps.append(done))],
    )
    checkpoint = Path((work / 'last_checkpoint').read_text())
    assert checkpoint == work / 'epoch_1.pth' and tiny_config.to_dict() == before
    assert steps == [(step, 5) for step in range(1, 6)]
    saved = torch.load(checkpoint, weights_only=True)['state_dict']
    assert all(torch.equal(saved[key], value) for key, value in first.state_dict().items())

    second = apis.train(tiny_config, work_dir=work, cfg_options=EVERY_STEP, resume=True)
    assert (work / 'epoch_2.pth').is_file()
    assert any(not torch.equal(saved[key], value) for key, value in second.state_dict().items())
    # runs within the same second have logs of their own all the same
    assert {line['step'] for line in scalars(max(work.glob('*/vis_data/scalars.json')))} == {2, 6, 7, 8, 9, 10}

    metrics = apis.test(
        tiny_config,
        checkpoint,
        work_dir=tmp_path / 'test',
        dump=tmp_path / 'predictions.pkl',
        draw=dict(out_dir='pictures', interval=5),
        hooks=[ProgressHook(lambda *done: batches.append(done))],
    )
    assert batches == [(1, 3), (2, 3), (3, 3)] and tiny_config.to_dict() == before
    assert len(list((tmp_path / 'test').glob('*/pictures/test_*.png'))) == 2
    with open(tmp_path / 'predictions.pkl', 'rb') as file:
        assert len(pickle.load(file)) == 10

    model, done = apis.init_model(tiny_config, checkpoint), []
    loader = apis.build_loader(tiny_config)
    found = apis.evaluate(model, loader, tiny_config.test_evaluator, lambda *step: done.append(step))
    assert found == metrics and 0 < metrics['coco/MPJPE_px'] < 200 and done == batches

    # a checkpoint is a model by itself
    alone = apis.init_model(checkpoint)
    assert alone.cfg.test_dataloader.dataset.data_root == tiny_config.test_dataloader.dataset.data_root
    assert apis.evaluate(alone, apis.build_loader(alone.cfg), alone.cfg.test_evaluator) == metrics


def test_a_changed_test_set(tiny_config):
    model = apis.init_model(tiny_config)
    own, shuffled = (
        [sample for _, samples in apis.predictions(model, loader) for sample in samples]
        for loader in (apis.build_loader(tiny_config), apis.build_loader(tiny_config, shuffle_radar=0))
    )
    assert [sample.img_id for sample in own] == [sample.img_id for sample in shuffled]
    poses, others = (
        sorted(map(tuple, (sample.pred_instances.keypoints.reshape(-1) for sample in samples)))
        for samples in (own, shuffled)
    )
    assert [tuple(sample.pred_instances.keypoints.reshape(-1)) for sample in own] != [
        tuple(sample.pred_instances.keypoints.reshape(-1)) for sample in shuffled
    ]
    assert torch.allclose(torch.tensor(poses), torch.tensor(others), atol=1e-3)  # the same ones, of other frames
    assert 'shuffle_radar' not in tiny_config.test_dataloader.dataset
    assert len(apis.build_loader(tiny_config, 'train').dataset) == 20


def test_the_mean_pose_is_the_best_constant_guess(tiny_config):
    metrics = mean_pose_metrics(tiny_config)
    model = apis.init_model(tiny_config)
    untrained = apis.evaluate(model, apis.build_loader(tiny_config), tiny_config.test_evaluator)
    assert 1 < metrics['coco/MPJPE_px'] < untrained['coco/MPJPE_px'] and set(metrics) == set(untrained)


def test_resuming_what_has_not_begun_starts_from_the_given_weights(tiny_config, tmp_path):
    options = {'train_cfg.max_epochs': 1, 'optim_wrapper.optimizer.lr': 0.0, 'param_scheduler': []}
    first = apis.train(tiny_config, work_dir=tmp_path / 'first', cfg_options={**options, 'randomness.seed': 7})
    options['load_from'] = str(tmp_path / 'first/epoch_1.pth')
    second = apis.train(tiny_config, work_dir=tmp_path / 'second', cfg_options=options, resume=True)
    weights = dict(second.named_parameters())  # buffers such as the means of batch norms change at any rate
    assert all(torch.equal(value, weights[name]) for name, value in first.named_parameters())


def test_a_configuration_that_was_resumed_goes_on_from_the_latest_checkpoint(tiny_config, tmp_path):
    seen = []

    class Watch(Hook):
        def before_train_epoch(self, runner):
            seen.append(runner.epoch)

    for epochs in (
        1,
        2,
        3,
    ):  # the third names epoch_1.pth, too, as a dump of the second does
        resumed = {'resume': True, 'load_from': str(tmp_path / 'epoch_1.pth')} if epochs > 1 else {}
        options = {'train_cfg.max_epochs': epochs, 'param_scheduler': [], **resumed}
        apis.train(tiny_config, work_dir=tmp_path, cfg_options=options, validate=False, hooks=[Watch()])
    assert seen == [0, 1, 2]


def test_the_checkpoint_to_resume_from(tmp_path):
    assert latest_checkpoint(tmp_path / 'none') is None
    work, moved = tmp_path / 'work', tmp_path / 'moved'
    work.mkdir()
    for epoch in (1, 2):
        (work / f'epoch_{epoch}.pth').touch()
    with pytest.raises(CheckpointError, match='has no file last_checkpoint.*epoch_1.pth, epoch_2.pth. Name one'):
        latest_checkpoint(work)
    (work / 'last_checkpoint').write_text(str(work / 'epoch_2.pth'))
    shutil.copytree(work, moved)
    assert latest_checkpoint(work) == work / 'epoch_2.pth' and latest_checkpoint(moved) == moved / 'epoch_2.pth'
    (moved / 'epoch_2.pth').unlink()  # such as checkpoints that are kept elsewhere
    assert latest_checkpoint(moved) == work / 'epoch_2.pth'


def test_mistakes_of_a_training(tiny_config, tmp_path):
    with pytest.raises(CheckpointError, match='has weights, but not the state of a training'):
        apis.train(tiny_config, resume='millimamba-small')
    with pytest.raises(ConfigError, match='has no auto_scale_lr=dict'):
        apis.train(tiny_config, auto_scale_lr=True, cfg_options={'auto_scale_lr': None})
    with pytest.raises(ConfigError, match="save_best='coco/MPJPE_px': coco/MPJPE_px is an error"):
        apis.train(tiny_config, cfg_options={'default_hooks.checkpoint.save_best': 'coco/MPJPE_px'})
    with pytest.raises(CheckpointError, match='no checkpoint at'):
        apis.train(tiny_config, resume=tmp_path / 'none.pth')
    with pytest.raises(ConfigError, match="does not go with optim_wrapper.type='OtherWrapper'"):
        apis.train(tiny_config, amp=True, cfg_options={'optim_wrapper.type': 'OtherWrapper'})
    with (
        pytest.raises(ConfigError, match='--launcher slurm needs a GPU')
        if not torch.cuda.is_available()
        else (pytest.raises(KeyError))
    ):
        apis.train(tiny_config, launcher='slurm')
    tiny_config.visualizer = None
    with pytest.raises(ConfigError, match='nothing draws the samples of'):
        apis.train(tiny_config, draw=dict(out_dir='pictures'))


def test_mistakes_of_a_test(tiny_config, tmp_path):
    with pytest.raises(CheckpointError, match='no checkpoint at'):
        apis.test(tiny_config, tmp_path / 'none.pth')
    with pytest.raises(ConfigError, match=r'--dump wants a .pkl file, found predictions.json'):
        apis.test(tiny_config, 'any.pth', dump='predictions.json')
    checkpoint = pretend_checkpoint(tiny_config, tmp_path / 'one.pth')
    with pytest.raises(CheckpointError, match='is not a checkpoint of this model'):
        apis.test(tiny_config, checkpoint, cfg_options={'model.head.num_layers': 2})
    with pytest.raises(ConfigError, match='did you mean'):
        apis.test('millimamba_hup', checkpoint)


def test_the_work_directory_is_named_after_the_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = apis.read_config(REPOSITORY / 'configs' / 'millimamba_hupr.py')
    from mmradar.apis.runs import run_config

    assert run_config(config, None, None, None, 'none').work_dir == './work_dirs/millimamba_hupr'
    config.work_dir = 'elsewhere'
    assert run_config(config, None, None, None, 'none').work_dir == 'elsewhere'
    assert run_config(config, None, tmp_path, None, 'none').work_dir == str(tmp_path)


def test_a_core_is_left_to_each_loading_process(tiny_config, monkeypatch):
    monkeypatch.setattr(torch, 'get_num_threads', lambda: 4)
    numbers = []
    monkeypatch.setattr(torch, 'set_num_threads', numbers.append)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    options = {'train_cfg.max_epochs': 1, 'train_dataloader.num_workers': 1}
    apis.train(tiny_config, validate=False, cfg_options=options)
    assert numbers == [3, 4]
    monkeypatch.setenv('OMP_NUM_THREADS', '2')
    apis.train(tiny_config, validate=False, cfg_options=options)
    assert numbers == [3, 4, 4]


def test_training_goes_on_from_the_packaged_weights(tmp_path):
    plan = PLANS['simhupr-v2-mini'].changed(train=2, val=1, test=1, unseen=0, num_frames=16)
    root = write_hupr_dataset(tmp_path / 'set', plan, form=CompactForm())
    options = {'data_root': str(root), 'own_root': str(root), 'max_epochs': 1, 'num_workers': 0, 'batch_size': 2}
    start = {}

    class Begin(Hook):
        def before_train_iter(self, runner, *args, **kwargs):
            start.update({key: value.clone() for key, value in runner.model.state_dict().items()})

    apis.train(
        'millimamba_small_finetune_simhupr',
        work_dir=tmp_path / 'work',
        cfg_options={**options, 'train_cfg.val_interval': 1, 'optim_wrapper.optimizer.lr': 0.0, 'min_lr': 0.0},
        hooks=[Begin()],
    )
    published = apis.init_model('millimamba-small').state_dict()
    assert published.keys() == start.keys() and all(torch.equal(start[key], published[key]) for key in start)
    metrics = apis.test(
        'millimamba_small_simhupr',
        'millimamba-small',
        work_dir=tmp_path / 'test',
        cfg_options={'data_root': str(root), 'num_workers': 0},
    )
    assert metrics['coco/AP50'] > 50
    with pytest.raises(CheckpointError, match='no-such-model'):
        apis.test('millimamba_small_simhupr', 'no-such-model', cfg_options={'data_root': str(root)})
