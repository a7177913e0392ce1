"""The time of an inference: which runs count, and that it is one."""

import time

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel

from mmradar.apis.inference_time import inference_time, shortest_time
from mmradar.registry import MODELS

CPU = torch.device('cpu')


def test_the_fastest_run_after_the_first_counts():
    durations = iter([0.0, 0.06, 0.03, 0.06])
    assert 0.03 <= shortest_time(lambda: time.sleep(next(durations)), 3, CPU) < 0.06
    assert next(durations, None) is None


@pytest.fixture
def seen():
    """Shapes of the inputs of a model that is registered for one test and takes 5 ms."""
    shapes = []

    @MODELS.register_module(name='SleepingModel')
    class SleepingModel(BaseModel):
        def forward(self, inputs, data_samples=None, mode='tensor'):
            assert mode == 'tensor' and not self.training and not torch.is_grad_enabled()
            shapes.append(tuple(inputs.shape))
            time.sleep(0.005)

    yield shapes
    MODELS.module_dict.pop('SleepingModel')


def test_a_window_of_the_configuration_is_run(seen):
    pipeline = [
        dict(type='RangeDopplerMap', range_bins=(0, 64)),
        dict(type='Heatmap3D', num_angle=16),
        dict(type='HeatmapToChannels'),
        dict(type='PackRadarInputs'),
    ]
    config = Config(
        dict(model=dict(type='SleepingModel'), test_dataloader=dict(dataset=dict(window=3, pipeline=pipeline)))
    )
    assert 0.005 <= inference_time(config, CPU, runs=2) < 0.5
    assert seen == [(1, 3, 2, 2, 16, 8, 64)] * 3
