"""Trainings of a toy through mmengine's Runner that come to losses and gradients that are no numbers."""

import copy
import itertools
import math
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.runner import Runner
from torch import nn

from conftest import REPOSITORY
from mmradar.errors import ConfigError, TrainingError

_names = itertools.count()


class BadGradient(torch.autograd.Function):
    """What a network has that overflows on its way back."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * math.nan


class Toy(BaseModel):
    """Sample (x, y): the loss of y is no number where y is none; x = 7 gives a bad gradient."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))

    def forward(self, inputs, data_samples=None, mode='tensor'):
        x, y = torch.stack(inputs), torch.stack(data_samples)
        if not y.isfinite().all():
            x = x * math.nan  # as a network on damaged samples
        out = self.net(x)
        if mode == 'predict':
            return [dict(out=value) for value in out]
        if (x == 7).any():
            out = BadGradient.apply(out)
        return dict(
            loss_far=[(out - y).abs(), 0 * out], loss_near=(out - y).square().mean(), acc=torch.tensor(math.nan)
        )


class Watch(Hook):
    """The state before every step."""

    priority = 'LOW'

    def __init__(self):
        self.states = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.states.append(copy.deepcopy(runner.model.state_dict()))


def batches(*targets):
    """One batch of two samples a target."""
    return [
        dict(inputs=[torch.tensor([0.5]), torch.tensor([7.0 if target == 'gradient' else -1.0])],
             data_samples=[torch.tensor([1.0 if target == 'gradient' else target])] * 2)
        for target in targets
    ]  # fmt: skip


def loader(data):
    return torch.utils.data.DataLoader(data, batch_size=1, collate_fn=lambda items: items[0])


def runner_of(work_dir, data, optim_wrapper=None, guard=None, model=None, **others):
    return Runner(
        model=model or Toy(),
        work_dir=str(work_dir),
        train_dataloader=loader(data),
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=optim_wrapper or dict(optimizer=dict(type='AdamW', lr=0.1)),
        default_hooks=dict(finite_guard=dict(type='FiniteGuardHook', **(guard or {}))),
        default_scope='mmradar',
        experiment_name=f'finite_{next(_names)}',
        log_level='WARNING',
        **others,
    )


def watched(runner):
    watch = Watch()
    runner.register_hook(watch)
    return watch


def equal(state, other):
    return all(torch.equal(value, other[name]) for name, value in state.items())


def finite(state):
    return all(value.isfinite().all() for value in state.values())


@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('kind', ['OptimWrapper', 'CPUAmpOptimWrapper'])
def test_a_loss_that_is_no_number_stops_before_the_weights_change(bad, kind, tmp_path):
    runner = runner_of(tmp_path, batches(1, 2, bad, 1), dict(type=kind, optimizer=dict(type='Adam', lr=0.1)))
    watch = watched(runner)
    with pytest.raises(
        TrainingError, match=r'epoch 1, step 3: no finite number: loss_far is nan; loss_near is nan'
    ) as error:
        runner.train()
    assert 'There is no good checkpoint' in str(error.value)
    assert len(watch.states) == 3
    parameters = dict(runner.model.named_parameters())
    assert all(torch.equal(value, watch.states[-1][name]) for name, value in parameters.items())


def test_only_losses_count_and_a_finite_training_is_left_alone(tmp_path):
    """The toy's accuracy is NaN all the time; with the guard, weights become the same numbers as without."""
    states = []
    for guard in (dict(), dict(action='skip'), None):
        torch.manual_seed(0)
        runner = runner_of(tmp_path, batches(1, 2, 3), guard=guard)
        if guard is None:
            runner._hooks = [hook for hook in runner.hooks if type(hook).__name__ != 'FiniteGuardHook']
        runner.train()
        states.append(runner.model.state_dict())
    assert equal(states[0], states[2]) and equal(states[1], states[2])


def test_the_last_good_checkpoint_is_named(tmp_path):
    class Damage(Hook):
        """From the second epoch on, nothing is a number."""

        def before_train_epoch(self, runner):
            if runner.epoch == 1:
                runner.model.net[0].bias.data[0] = math.inf

    data, damage = batches(1, 2), Damage()
    runner = runner_of(tmp_path, data)
    runner.register_hook(damage)
    with pytest.raises(TrainingError) as error:
        runner.train()
    assert f'Last good checkpoint: {tmp_path / "epoch_1.pth"}.' in str(error.value)
    assert finite(torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['state_dict'])


def test_a_checkpoint_that_was_spoiled_is_not_the_last_good_one(tmp_path):
    class Spoil(Hook):
        priority = 'LOW'  # before the checkpoint is saved

        def after_train_epoch(self, runner):
            if runner.epoch == 1:
                runner.model.net[3].weight.data[0] = math.nan

    runner = runner_of(tmp_path, batches(1, 2))
    runner.train_loop._max_epochs = 3
    runner.register_hook(Spoil())
    with pytest.raises(TrainingError, match='epoch 3, step 5') as error:
        runner.train()
    assert (tmp_path / 'epoch_2.pth').is_file()
    assert f'Last good checkpoint: {tmp_path / "epoch_1.pth"}.' in str(error.value)


def test_gradients_that_are_no_numbers_stop_too(tmp_path):
    runner = runner_of(
        tmp_path, batches(1, 'gradient', 1), dict(optimizer=dict(type='SGD', lr=0.1), clip_grad=dict(max_norm=1.0))
    )
    watch = watched(runner)
    with pytest.raises(
        TrainingError, match=r'step 2: no finite number: the gradient of net.0.weight, net.0.bias, .* others'
    ):
        runner.train()
    assert all(torch.equal(value, watch.states[-1][name]) for name, value in runner.model.named_parameters())


@pytest.mark.parametrize('bad', [math.nan, math.inf, 'gradient'])
@pytest.mark.parametrize(
    'optimizer', [dict(type='AdamW', lr=0.1, weight_decay=0.1), dict(type='SGD', lr=0.1, momentum=0.9)]
)
@pytest.mark.parametrize('kind', ['OptimWrapper', 'CPUAmpOptimWrapper'])
def test_a_skipped_step_leaves_weights_and_running_means_as_they_were(bad, optimizer, kind, tmp_path):
    runner = runner_of(
        tmp_path, batches(1, bad, 2, 2), dict(type=kind, optimizer=optimizer, clip_grad=dict(max_norm=1.0)),
        guard=dict(action='skip'),
    )  # fmt: skip
    watch = watched(runner)
    runner.train()
    before, after, later = watch.states[1], watch.states[2], watch.states[3]
    if bad == 'gradient':  # the forward pass was sound
        before, after = ({key: x for key, x in state.items() if 'running' not in key and 'num_' not in key}
                         for state in (before, after))  # fmt: skip
    assert equal(before, after)
    assert not equal(after, later) and finite(runner.model.state_dict()) and len(watch.states) == 8


@pytest.mark.parametrize('bad', [0, 1, 2])
def test_with_accumulation_the_whole_step_is_skipped(bad, tmp_path):
    targets = [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
    targets[bad] = math.nan
    runner = runner_of(
        tmp_path, batches(*targets), dict(optimizer=dict(type='AdamW', lr=0.1), accumulative_counts=3),
        guard=dict(action='skip'),
    )  # fmt: skip
    watch = watched(runner)
    runner.train()
    weights = [state['net.0.weight'] for state in watch.states]
    assert torch.equal(weights[0], weights[3])  # the first step
    assert torch.equal(weights[3], weights[5]) and not torch.equal(weights[5], weights[6])  # the second
    assert finite(runner.model.state_dict())


def test_with_accumulation_it_stops_at_the_batch(tmp_path):
    runner = runner_of(
        tmp_path, batches(1, math.nan, 1), dict(optimizer=dict(type='AdamW', lr=0.1), accumulative_counts=3)
    )
    with pytest.raises(TrainingError, match='step 2'):
        runner.train()


def test_a_training_that_skips_everything_stops(tmp_path):
    runner = runner_of(tmp_path, batches(1, *[math.nan] * 10), guard=dict(action='skip', max_skipped=4))
    with pytest.raises(TrainingError, match='step 6: no finite numbers, for 5 steps in a row'):
        runner.train()
    assert finite(runner.model.state_dict())


@pytest.fixture
def scaled(monkeypatch):
    """mmengine's ``AmpOptimWrapper`` with torch's ``GradScaler``, on the CPU."""
    monkeypatch.setattr(amp_optimizer_wrapper, 'is_cuda_available', lambda: True)
    monkeypatch.setattr(amp_optimizer_wrapper, 'GradScaler', partial(torch.amp.GradScaler, 'cpu'))
    return partial(dict, type='AmpOptimWrapper')


@pytest.mark.parametrize('optimizer', [dict(type='AdamW', lr=0.1), dict(type='AdamW', lr=0.1, fused=True)])
@pytest.mark.parametrize('clip_grad', [None, dict(max_norm=1.0)])
def test_a_grad_scaler_finds_its_scale_as_ever(optimizer, clip_grad, scaled, tmp_path):
    """The first steps overflow by the scale, which is no fault; then the scale suits, and it trains."""
    loss_scale = dict(init_scale=2.0**127, growth_interval=1000)
    runner = runner_of(
        tmp_path, batches(*[1.0] * 12), scaled(optimizer=optimizer, loss_scale=loss_scale, clip_grad=clip_grad)
    )
    watch = watched(runner)
    runner.train()
    weights = [state['net.0.weight'] for state in watch.states]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[-1])
    assert runner.optim_wrapper.loss_scaler.get_scale() < 2.0**127 and finite(runner.model.state_dict())


@pytest.mark.parametrize('fused', [False, True])
@pytest.mark.parametrize('loss_scale', ['dynamic', 128.0])
def test_a_grad_scaler_that_never_finds_a_scale_is_stopped(fused, loss_scale, scaled, tmp_path):
    """Gradients that are NaN by themselves: it would leave out every step to the end."""
    runner = runner_of(
        tmp_path, batches(*['gradient'] * 9),
        scaled(optimizer=dict(type='AdamW', lr=0.1, fused=fused), loss_scale=loss_scale), guard=dict(max_skipped=6),
    )  # fmt: skip
    with pytest.raises(TrainingError, match='step 7: no finite numbers, for 7 steps in a row'):
        runner.train()


@pytest.mark.parametrize('action, step', [('stop', 2), ('skip', None)])
def test_a_bad_loss_beside_a_grad_scaler(action, step, scaled, tmp_path):
    runner = runner_of(
        tmp_path, batches(1, math.nan, 1, 1), scaled(optimizer=dict(type='AdamW', lr=0.1)), guard=dict(action=action)
    )
    watch = watched(runner)
    if step:
        with pytest.raises(TrainingError, match=f'step {step}: no finite number: loss_far is nan'):
            runner.train()
    else:
        runner.train()
        assert equal(watch.states[1], watch.states[2]) and not equal(watch.states[2], watch.states[3])
    assert finite(dict(runner.model.named_parameters()))


@pytest.mark.parametrize('action', ['stop', 'skip'])
def test_a_compiled_training_step(action, tmp_path):
    runner = runner_of(
        tmp_path, batches(1, 2, math.nan, 2), guard=dict(action=action), cfg=dict(compile=dict(backend='eager'))
    )
    watch = watched(runner)
    if action == 'stop':
        with pytest.raises(TrainingError, match='step 3: no finite number: loss_far is nan'):
            runner.train()
        assert all(torch.equal(value, watch.states[-1][name]) for name, value in runner.model.named_parameters())
    else:
        runner.train()
        assert equal(watch.states[2], watch.states[3]) and not equal(watch.states[3], watch.states[4])


class Given(BaseMetric):
    """A metric that is what the test says, one value an epoch."""

    values: list

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return dict(score=self.values.pop(0))


@pytest.mark.parametrize('rule, values, best', [
    ('greater', [math.nan, 1.0, math.nan], 2),
    ('greater', [1.0, math.nan, 0.5], 1),
    ('less', [math.nan, math.nan, 3.0], 3),
    ('less', [math.nan, 2.0, 1.0], 3),
    ('less', [math.nan, math.nan, math.nan], None),
])  # fmt: skip
def test_a_metric_that_is_nan_is_never_the_best_and_it_is_said(rule, values, best, tmp_path, caplog):
    metric = Given()
    metric.values = list(values)
    data = batches(1, 2)
    runner = runner_of(
        tmp_path, data,
        val_dataloader=loader(data),
        val_cfg=dict(), val_evaluator=[metric],
    )  # fmt: skip
    runner.train_loop._max_epochs = 3
    checkpoint = next(hook for hook in runner.hooks if type(hook).__name__ == 'CheckpointHook')
    checkpoint.__init__(interval=1, save_best='score', rule=rule)
    warnings = []
    runner.logger.warning = warnings.append
    runner.train()
    kept = [path.name for path in tmp_path.glob('best_*')]
    assert kept == ([f'best_score_epoch_{best}.pth'] if best else [])
    said = [text for text in warnings if text == 'score is NaN; this checkpoint is not kept as the best']
    assert len(said) == sum(map(math.isnan, values))


@pytest.mark.parametrize('arguments', [dict(action='ignore'), dict(max_skipped=-1)])
def test_impossible_arguments_are_refused(arguments, tmp_path):
    with pytest.raises(ConfigError, match='FiniteGuardHook'):
        runner_of(tmp_path, batches(1), guard=arguments)


def test_every_configuration_has_the_guard():
    for path in (*REPOSITORY.glob('configs/**/*.py'), *REPOSITORY.glob('projects/*/configs/**/*.py')):
        if not {'_base_', 'suites'} & set(path.parts):
            hooks = Config.fromfile(path, import_custom_modules=False).default_hooks
            assert hooks.finite_guard == dict(type='FiniteGuardHook', action='stop'), path


PROCESSES = """
import math, sys
sys.path[:0] = {paths!r}
import torch
from mmengine.dist import get_rank
import mmradar.registry
from mmradar.cli import end_process_group
from mmradar.errors import TrainingError
from test_finite_guard_hook import batches, equal, finite, runner_of, watched
torch.distributed.init_process_group('gloo')
bad_loss, bad_gradient = (math.nan, 2) if get_rank() == 1 else (2, 'gradient')
for action in ('stop', 'skip'):
    runner = runner_of(
        sys.argv[1], batches(1, 2, bad_loss, bad_gradient, 3, 3), guard=dict(action=action), launcher='pytorch',
        cfg=dict(model_wrapper_cfg=dict(type='MMDistributedDataParallel', device_ids=None)),
    )
    watch = watched(runner)
    try:
        runner.train()
    except TrainingError as error:
        assert action == 'stop'
        assert 'step 3: no finite number: loss_far is nan (process 1); loss_near is nan (process 1)' in str(error)
    else:
        assert action == 'skip' and equal(watch.states[2], watch.states[3])
        names = dict(runner.model.module.named_parameters())
        weights = [{{name: state['module.' + name] for name in names}} for state in watch.states]
        assert equal(weights[3], weights[4]) and not equal(weights[4], weights[5])
    assert finite(dict(runner.model.named_parameters()))
    mine = torch.cat([p.detach().flatten() for p in runner.model.parameters()])
    other = mine.clone()
    torch.distributed.broadcast(other, 0)
    assert torch.equal(mine, other)
print('as it should')
del watch, runner
end_process_group()
"""


def test_two_processes_stop_or_skip_alike(tmp_path):
    """One process has a bad loss, then the other a bad gradient."""
    script = tmp_path / 'script.py'
    script.write_text(PROCESSES.format(paths=[str(Path(__file__).parent), str(Path(__file__).parents[1])]))
    command = [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2', '--standalone', str(script)]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.count('as it should') == 2, done.stderr[-3000:]
