"""Whole runs on the small data set: train, resume, evaluate."""

import copy
import itertools

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from conftest import logged
from mmradar.apis import init_model
from mmradar.engine.checkpoint import check_state_dict
from mmradar.errors import CheckpointError
from mmradar.models.layers.vision_mamba import DirectedScan
from mmradar.ops import available_backends

_names = itertools.count()
NO_RATE = dict(custom_keys={'backbone': dict(lr_mult=0.0), 'head': dict(lr_mult=0.0)})


def runner(config, work_dir, **changes):
    config = copy.deepcopy(config)
    config.merge_from_dict(changes)
    config.work_dir = str(work_dir)
    config.experiment_name = f'test_{next(_names)}'
    return Runner.from_cfg(config)


class Interrupt(Hook):
    """A power cut in the second epoch."""

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.epoch == 1 and batch_idx == 1:
            raise KeyboardInterrupt


def test_an_interrupted_training_resumes_to_the_same_parameters(tiny_config, tmp_path):
    tiny_config.model.head.dropout = 0.1  # random numbers that a resumed run must draw again
    whole = runner(tiny_config, tmp_path / 'whole')
    whole.train()

    cut = runner(tiny_config, tmp_path / 'cut')
    cut.register_hook(Interrupt())
    with pytest.raises(KeyboardInterrupt):
        cut.train()
    resumed = runner(tiny_config, tmp_path / 'cut', resume=True)
    resumed.train()

    assert resumed.iter == whole.iter == 10
    for (name, expected), found in zip(whole.model.state_dict().items(), resumed.model.state_dict().values()):
        assert torch.equal(expected, found), name
    # and the first epoch alone is not where they end
    first = torch.load(tmp_path / 'cut' / 'epoch_1.pth', weights_only=True)['state_dict']
    assert any(not torch.equal(value, whole.model.state_dict()[name]) for name, value in first.items())


def test_training_is_repeatable_and_a_seed_changes_it(tiny_config, tmp_path):
    runs = []
    for number, seed in enumerate((3, 3, 4)):
        run = runner(
            tiny_config,
            tmp_path / str(number),
            **{'randomness.seed': seed, 'train_cfg.max_epochs': 1, 'param_scheduler.0.total_steps': 1},
        )
        run.train()
        runs.append(torch.cat([p.detach().flatten() for p in run.model.parameters()]))
    assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2])


def test_checkpoints_load_without_running_code_from_them(tiny_config, tmp_path):
    run = runner(tiny_config, tmp_path, **{'train_cfg.max_epochs': 1, 'param_scheduler.0.total_steps': 1})
    run.train()
    checkpoint = torch.load(tmp_path / 'epoch_1.pth', weights_only=True)
    assert {'state_dict', 'optimizer', 'param_schedulers', 'message_hub', 'meta'} <= set(checkpoint)


class Attack:
    def __reduce__(self):
        return getattr, (str, 'join')


def test_a_checkpoint_that_reaches_for_anything_else_is_refused(tmp_path):
    torch.save(dict(state_dict={}, message_hub=Attack()), tmp_path / 'x.pth')
    with pytest.raises(Exception, match='which no training state needs|not an allowed global|Unsupported'):
        torch.load(tmp_path / 'x.pth', weights_only=True)


def test_a_checkpoint_of_another_model_is_refused_with_the_keys(tiny_config, tmp_path):
    run = runner(tiny_config, tmp_path, **{'train_cfg.max_epochs': 1, 'param_scheduler.0.total_steps': 1})
    run.train()
    other = runner(
        tiny_config, tmp_path / 'other', load_from=str(tmp_path / 'epoch_1.pth'), **{'model.head.num_layers': 2}
    )
    with pytest.raises(
        CheckpointError, match=r'epoch_1.pth is not a checkpoint of this model[\s\S]*missing in it: head.layers.1'
    ):
        other.test()


def test_a_guard_that_is_not_strict_loads_what_fits_and_saves_as_ever(tiny_config, tmp_path):
    short = {'train_cfg.max_epochs': 1, 'param_scheduler.0.total_steps': 1}
    runner(tiny_config, tmp_path, **short).train()
    short |= {'model.head.num_layers': 2, 'custom_hooks.1.strict': False, 'optim_wrapper.paramwise_cfg': NO_RATE}
    other = runner(tiny_config, tmp_path / 'other', load_from=str(tmp_path / 'epoch_1.pth'), **short)
    other.train()
    first, second = (
        torch.load(path / 'epoch_1.pth', weights_only=True)['state_dict'] for path in (tmp_path, tmp_path / 'other')
    )
    assert all(torch.equal(first[name], second[name]) for name in first if 'layers.0' in name and 'running' not in name)
    assert any('head.layers.1' in name for name in second)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'views': ['vert', 'hori']}, "views = ['vert', 'hori'], not ['hori', 'vert']."),
        ({'pipeline.1.antenna_order': 'row'}, 'Heatmap3D.antenna_order = row, not azimuth_first.'),
    ],
)
def test_an_input_other_than_that_of_the_training_is_told(tiny_config, tmp_path, change, message):
    run = runner(tiny_config, tmp_path, **{'train_cfg.max_epochs': 1, 'param_scheduler.0.total_steps': 1})
    run.train()
    checkpoint = str(tmp_path / 'epoch_1.pth')
    for changes in ({}, change):
        changes = {f'test_dataloader.dataset.{key}': value for key, value in changes.items()}
        other = runner(tiny_config, tmp_path / 'test', load_from=checkpoint, **changes)
        with logged() as log:
            other.test()
        told = [line for line in log.getvalue().splitlines() if 'was trained on another input' in line]
        assert len(told) == bool(changes) and all(message in line for line in told)
    with pytest.warns(UserWarning, match='was trained on another input'):
        init_model(other.cfg, checkpoint)


def test_one_cycle_respects_the_rates_of_groups(tiny_config, tmp_path):
    run = runner(tiny_config, tmp_path, **{'optim_wrapper.paramwise_cfg': NO_RATE})
    before = copy.deepcopy(run.model.state_dict())
    run.train()
    assert all(torch.equal(before[name], value) for name, value in run.model.named_parameters())
    with pytest.raises(AssertionError):
        run = runner(tiny_config, tmp_path / 'moving')
        run.train()
        assert all(torch.equal(before[name], value) for name, value in run.model.named_parameters())


def test_settings_that_a_resumed_training_does_not_take_are_told(tiny_config, tmp_path):
    short = {'train_cfg.max_epochs': 1, 'param_scheduler.0.total_steps': 1}
    runner(tiny_config, tmp_path, **short).train()
    go_on = dict(resume=True, load_from=str(tmp_path / 'epoch_1.pth'))
    same = runner(tiny_config, tmp_path, **go_on, **short)
    with logged() as log:
        same.train()
    assert 'own settings' not in log.getvalue()
    steeper = {'optim_wrapper.optimizer.weight_decay': 0.5, 'param_scheduler.0.total_steps': 4}
    other = runner(tiny_config, tmp_path, **go_on, **short | steeper)
    with logged() as log:
        other.train()
    for text in (
        'epoch_1.pth is resumed with its own settings',
        'OneCycleLR 0.total_steps = ',
        'weight_decay = 0.01, ',
    ):
        assert text in log.getvalue()


def test_a_training_whose_scans_decayed_is_not_resumed_without_a_word(tiny_config, tmp_path):
    """As by an earlier version, which gave all parameters to the optimizer as one group."""
    short = {'train_cfg.max_epochs': 1, 'param_scheduler.0.total_steps': 1}
    old = {'optim_wrapper.constructor': 'mmengine.DefaultOptimWrapperConstructor'}
    runner(tiny_config, tmp_path, **short, **old).train()
    with pytest.raises(CheckpointError, match=r'epoch_1.pth cannot be resumed: its optimizer has 1 group'):
        runner(tiny_config, tmp_path, resume=True, load_from=str(tmp_path / 'epoch_1.pth')).train()
    # its weights are as good as ever
    runner(tiny_config, tmp_path / 'new', load_from=str(tmp_path / 'epoch_1.pth'), **short).train()


def test_the_three_ways_in_which_weights_differ():
    model, other = torch.nn.Linear(3, 2), torch.nn.Linear(4, 2, bias=False)
    with pytest.raises(CheckpointError) as error:
        check_state_dict(model, {**other.state_dict(), 'extra': torch.zeros(1)}, 'x.pth')
    message = str(error.value)
    assert '1 missing in it: bias' in message and '1 unknown to the model: extra' in message
    assert 'weight (model (2, 3), checkpoint (2, 4))' in message
    check_state_dict(model, {f'module.{name}': value for name, value in model.state_dict().items()}, 'x.pth')


def test_cpu_mixed_precision_trains(tiny_config, tmp_path):
    run = runner(
        tiny_config,
        tmp_path,
        **{'optim_wrapper.type': 'CPUAmpOptimWrapper', 'train_cfg.max_epochs': 1, 'param_scheduler.0.total_steps': 1},
    )
    seen = []
    head = run.model.head.to_coordinates[0]
    head.register_forward_hook(lambda module, args, output: seen.append(output.dtype))
    run.train()
    assert torch.bfloat16 in seen
    assert all(torch.isfinite(p).all() and p.dtype == torch.float32 for p in run.model.parameters())


class LossCurve(Hook):
    """The loss of every step."""

    def __init__(self):
        self.losses = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append(outputs['loss'].item())


def test_every_scan_learns_as_the_reference_does(tiny_config, tmp_path):
    """Ten steps of two epochs; on a machine without compiler, of the backends that are left."""
    curves = {}
    for backend in ('reference', 'torch', 'cpu'):
        if available_backends()[backend] is None:
            run = runner(tiny_config, tmp_path / backend, **{'model.backbone.mixer.layer.backend': backend})
            assert {scan.backend for scan in run.model.modules() if isinstance(scan, DirectedScan)} == {backend}
            curve = LossCurve()
            run.register_hook(curve)
            run.train()
            curves[backend] = torch.tensor(curve.losses)
    expected = curves.pop('reference')
    assert len(expected) == 10 and expected[0] != expected[-1]
    assert 'torch' in curves
    for found in curves.values():
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=0)
