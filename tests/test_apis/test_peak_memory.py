"""The peak of an inference's memory against what arithmetic says."""

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import nn

from mmradar.apis.peak_memory import peak_memory, peak_of
from mmradar.registry import MODELS

CPU = torch.device('cpu')
SLACK = 4096  # bytes: scalars that torch wraps


@pytest.mark.parametrize(
    'changes, peak',
    [
        ([], 0),
        ([3_000_000], 3_000_000),
        ([1_000_000, 2_000_000, 4_000_000], 7_000_000),
        ([5_000_000, -1, 2_000_000], 5_000_000),  # -1: the last one is freed
        ([1_000_000, 5_000_000, -1, 2_000_000, 2_500_000, -1, -1, 3_000_000], 6_000_000),
    ],
)
def test_allocated_and_freed_by_hand(changes, peak):
    before = torch.ones(10_000_000, dtype=torch.uint8)  # alive all the time: not counted

    def call():
        alive = []
        for size in changes:
            if size < 0:
                alive.pop()
            else:
                alive.append(torch.empty(size, dtype=torch.uint8))
        return before

    assert peak_of(call, CPU) == peak


def test_temporaries_of_a_network():
    """Two layers, the first four times as wide: its output and the GELU's are the peak."""
    layers = nn.Sequential(nn.Linear(256, 1024), nn.GELU(), nn.Linear(1024, 256))
    x = torch.randn(512, 256)
    with torch.no_grad():
        assert peak_of(lambda: layers(x), CPU) == pytest.approx(2 * 512 * 1024 * 4, abs=SLACK)
    # with gradients the second layer's output comes on top: both others are kept for them
    assert peak_of(lambda: layers(x), CPU) == pytest.approx((2 * 1024 + 256) * 512 * 4, abs=SLACK)


def test_what_is_freed_later_does_not_count_twice():
    first, second = (peak_of(lambda: torch.empty(2_000_000, dtype=torch.uint8), CPU) for _ in range(2))
    assert first == second == 2_000_000


@pytest.fixture
def tiny_model():
    """Registered for one test: it doubles its input twice, and keeps no gradients if it is asked properly."""

    @MODELS.register_module(name='DoublingModel')
    class DoublingModel(BaseModel):
        def __init__(self, backbone):
            super().__init__()
            self.weight = nn.Parameter(torch.full((1000,), 2.0))
            self.register_buffer('unused', torch.zeros(500))

        def forward(self, inputs, data_samples=None, mode='tensor'):
            assert mode == 'tensor' and not self.training and not torch.is_grad_enabled()
            return (inputs * self.weight[0]) * self.weight[1]

    yield
    MODELS.module_dict.pop('DoublingModel')


def test_weights_input_and_pass_are_counted(tiny_model):
    pipeline = [
        dict(type='RangeDopplerMap', range_bins=(0, 64)),
        dict(type='Heatmap3D', num_angle=16),
        dict(type='HeatmapToChannels'),
        dict(type='PackRadarInputs'),
    ]
    config = Config(
        dict(
            model=dict(type='DoublingModel', backbone=None),
            test_dataloader=dict(dataset=dict(window=3, pipeline=pipeline)),
        )
    )
    memory = peak_memory(config, CPU)
    assert memory.inputs == 3 * 2 * 2 * 16 * 8 * 64 * 4
    assert memory.weights == (1000 + 500) * 4
    assert memory.total == pytest.approx(memory.weights + 3 * memory.inputs, abs=SLACK)


def test_the_demos_network_takes_the_same_every_time(tiny_config):
    first, second = peak_memory(tiny_config, CPU), peak_memory(tiny_config, CPU)
    assert first == second
    model = MODELS.build(tiny_config.model)
    numbers = sum(p.numel() for p in model.parameters())
    assert 4 * numbers <= first.weights < 4 * numbers + 50_000 and first.inputs == 3 * 2 * 2 * 64 * 8 * 64 * 4
    assert first.total > first.weights + 2 * first.inputs
