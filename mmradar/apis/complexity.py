"""Parameters and multiply-accumulates of a model, without running it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch.utils.flop_counter import FlopCounterMode

from mmradar.apis.data_folders import datasets_of
from mmradar.apis.inference import radar_settings, recording_dataset
from mmradar.radar import RadarConfig, RawRecording
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


def heatmap_shape(config: Config) -> tuple[int, ...]:
    """Shape of one window at the network: (frames, views, channels, angle, Doppler, range).

    It is what the test pipeline makes of a silent recording.
    """
    settings = next(datasets_of(config.test_dataloader))
    radar = RadarConfig.build(radar_settings(settings) or {})
    words = np.zeros((1, radar.num_loops, radar.num_tx, radar.chirp_bytes // 2), np.int16)
    silence = {view: RawRecording(words, Path(view), radar) for view in settings.get('views', ('hori', 'vert'))}
    return tuple(recording_dataset(config, silence)[0]['inputs'].shape)


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
