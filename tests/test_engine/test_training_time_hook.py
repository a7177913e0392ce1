import contextlib
import time

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from mmradar.engine.hooks import TrainingTimeHook

STEP_S, WAIT_S = 0.02, 0.5


class Slow(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, inputs, mode):
        time.sleep(STEP_S)
        return {'loss': self.weight.sum()}


class Pause(Hook):
    """What comes between epochs."""

    def after_train_epoch(self, runner):
        time.sleep(WAIT_S)


class Stop(Hook):
    def before_train_epoch(self, runner):
        if runner.epoch == 1:
            raise KeyboardInterrupt


def train(work_dir, name, *hooks, **options):
    clock = TrainingTimeHook()
    runner = Runner(
        model=Slow(),
        work_dir=str(work_dir),
        train_dataloader=dict(
            batch_size=1, dataset=[dict(inputs=torch.zeros(1))] * 3, sampler=dict(type='DefaultSampler', shuffle=False)
        ),
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_scope='mmradar',
        experiment_name=name,
        log_level='WARNING',
        **options,
    )
    for hook in (clock, Pause(), *hooks):
        runner.register_hook(hook)
    with contextlib.suppress(KeyboardInterrupt):
        runner.train()
    return clock.seconds


def test_the_time_of_steps_is_counted_over_interruptions(tmp_path):
    whole = train(tmp_path / 'whole', 'whole')
    assert 6 * STEP_S < whole < 6 * STEP_S + 2 * WAIT_S
    part = train(tmp_path / 'parts', 'first', Stop())
    assert 3 * STEP_S < part < 3 * STEP_S + WAIT_S
    both = train(tmp_path / 'parts', 'second', resume=True)
    assert part + 3 * STEP_S < both < 6 * STEP_S + 2 * WAIT_S
    saved = torch.load(tmp_path / 'parts' / 'epoch_1.pth', weights_only=False)['message_hub']['runtime_info']
    assert saved['training_s'] == pytest.approx(part)
