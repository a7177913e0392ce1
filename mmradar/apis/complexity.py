"""Count of the parameters and multiply-accumulates of a model, without running it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch.utils.flop_counter import FlopCounterMode

from mmradar.apis.data_folders import datasets_of
from mmradar.apis.inference import radar_settings, recording_dataset
from mmradar.apis.models import init_model
from mmradar.radar import RadarConfig, RawRecording
from mmradar.registry import MODELS


@dataclass(frozen=True)
class Complexity:
    """Size of a model, and its cost for one window.

    Args:
        parameters: Number of learnable parameters.
        macs: Multiply-accumulates by kind of operation.
        input_shape: Shape of one window: (frames, views, channels, angle, Doppler, range).
    """

    parameters: int
    macs: dict[str, int]
    input_shape: tuple[int, ...]

    @property
    def total_macs(self) -> int:
        """Multiply-accumulates of all operations."""
        return sum(self.macs.values())


def heatmap_shape(config: Config) -> tuple[int, ...]:
    """Return the shape of a network's input for one window: (frames, views, channels, angle, Doppler, range).

    The shape is found by running the test pipeline on a recording of zeros.
    """
    settings = next(datasets_of(config.test_dataloader))
    radar = RadarConfig.build(radar_settings(settings) or {})
    words = np.zeros((1, radar.num_loops, radar.num_tx, radar.chirp_bytes // 2), np.int16)
    silence = {view: RawRecording(words, Path(view), radar) for view in settings.get('views', ('hori', 'vert'))}
    return tuple(recording_dataset(config, silence)[0]['inputs'].shape)


def model_complexity(config: Config, checkpoint: str | Path | None = None) -> Complexity:
    """Count the parameters and multiply-accumulates of a configuration's model, radar processing excluded.

    The input is one window, batch size 1. Matrix products, convolutions and attention are counted by torch's
    ``FlopCounterMode`` on meta tensors, as two FLOPs per multiply-accumulate. Operations that torch does not count,
    such as the selective scan, are reported by their modules: a method ``uncounted_macs`` takes the inputs of
    ``forward`` and returns multiply-accumulates by kind.

    Args:
        config: A configuration.
        checkpoint: File of the weights. It matters for models whose size depends on the training set, such as
            :class:`~mmradar.models.NearestNeighbour`, which without a checkpoint are counted as before their fit.

    Raises:
        CheckpointError: The checkpoint is missing, damaged or another model's.
    """
    init_default_scope('mmradar')
    shape = heatmap_shape(config)
    if checkpoint is None:
        with torch.device('meta'):
            model = MODELS.build(config.model)
    else:
        model = init_model(config, checkpoint).to('meta').train()
    inputs = torch.zeros(1, *shape, device='meta')
    uncounted: Counter[str] = Counter()

    def count_layer(macs_of: Callable[..., dict[str, int]], layer: torch.nn.Module, inputs: tuple) -> None:
        uncounted.update(macs_of(*inputs))

    for module in model.modules():
        macs_of = getattr(module, 'uncounted_macs', None)
        if macs_of is not None:
            module.register_forward_pre_hook(partial(count_layer, macs_of))
    with FlopCounterMode(display=False) as counter:
        # in training mode, because the counter misses the shortcut of attention in evaluation mode
        model(inputs, None, mode='tensor')
    macs: Counter[str] = Counter()
    # without 'Global' where nothing was counted, as in a baseline without a network
    for operation, flops in counter.get_flop_counts().get('Global', {}).items():
        name = str(operation).removeprefix('aten.')
        name = 'convolutions' if 'conv' in name else 'attention' if 'attention' in name else 'linear layers'
        macs[name] += flops // 2
    return Complexity(sum(p.numel() for p in model.parameters()), dict(macs + uncounted), shape)
