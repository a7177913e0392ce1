"""Parameters and multiply-accumulates of a model, without running it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from torch.utils.flop_counter import FlopCounterMode

from mmradar.registry import MODELS


@dataclass(frozen=True)
class Complexity:
    """What a model costs for one window.

    Args:
        parameters: Learnable numbers.
        macs: Multiply-accumulates by operation.
        input_shape: Of one window.
    """

    parameters: int
    macs: dict[str, int]
    input_shape: tuple[int, ...]

    @property
    def total_macs(self) -> int:
        return sum(self.macs.values())


def _all_steps(pipeline: list[ConfigDict]) -> Iterator[ConfigDict]:
    """Every transform's settings, also of those within others."""
    for step in pipeline:
        yield step
        yield from _all_steps(step.get('steps', []))


def heatmap_shape(config: Config) -> tuple[int, ...]:
    """Shape of one window at the network: (frames, views, channels, angle, Doppler, range)."""
    backbone = config.model.backbone
    angle, range_bins = backbone.input_size
    doppler = next(s.num_doppler for s in _all_steps(config.test_dataloader.dataset.pipeline) if 'num_doppler' in s)
    return backbone.num_frames, backbone.num_views, backbone.stem.in_channels, angle, doppler, range_bins


def model_complexity(config: Config) -> Complexity:
    """Count a configuration's model for one window, batch 1, radar processing excluded.

    Matrix products, convolutions and attention are counted by torch's ``FlopCounterMode`` on meta tensors, two FLOPs
    a multiply-accumulate. What torch knows nothing of, such as the selective scan, is stated by the modules that have
    it, by a method ``uncounted_macs`` of the inputs of their ``forward``.
    """
    init_default_scope('mmradar')
    shape = heatmap_shape(config)
    with torch.device('meta'):
        model = MODELS.build(config.model)
        inputs = torch.zeros(1, *shape)
    uncounted: Counter[str] = Counter()

    def count_layer(layer: torch.nn.Module, inputs: tuple) -> None:
        uncounted.update(layer.uncounted_macs(*inputs))

    for module in model.modules():
        if hasattr(module, 'uncounted_macs'):
            module.register_forward_pre_hook(count_layer)
    with FlopCounterMode(display=False) as counter:
        model(inputs, None, mode='tensor')  # in training mode: the inference shortcut of attention is not counted
    macs: Counter[str] = Counter()
    for operation, flops in counter.get_flop_counts()['Global'].items():
        name = str(operation).removeprefix('aten.')
        name = 'convolutions' if 'conv' in name else 'attention' if 'attention' in name else 'linear layers'
        macs[name] += flops // 2
    return Complexity(sum(p.numel() for p in model.parameters()), dict(macs + uncounted), shape)
