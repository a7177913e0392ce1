"""A stem that looks at every frame once."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.registry import MODELS


@MODELS.register_module()
class FrameStem(BaseModule):
    """2D convolutions over angle and range, one frame at a time, Doppler bins and channels side by side.

    Not the paper's, whose stem convolves over frames too: here time is the scans' business alone. Doppler is no axis to
    pool over: which bin answers says how fast a limb moves. A frame costs one evaluation however long the window is,
    and a stream keeps what it has seen.

    Args:
        in_channels: Channels of the heatmaps.
        num_doppler: Their Doppler bins.
        channels: Channels after each convolution; a ReLU follows each.
        kernels: Sizes of the convolutions.
        strides: Their down-sampling.

    Raises:
        ConfigError: Not as many of each, or a kernel smaller than its stride, which would skip cells.
    """

    def __init__(
        self,
        in_channels: int = 1,
        num_doppler: int = 8,
        channels: Sequence[int] = (48, 64),
        kernels: Sequence[int] = (6, 4),
        strides: Sequence[int] = (4, 2),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not len(channels) == len(kernels) == len(strides):
            raise ConfigError(
                f'FrameStem needs as many channels as kernels and strides, found {list(channels)}, {list(kernels)} and '
                f'{list(strides)}'
            )
        if any(kernel < stride or (kernel - stride) % 2 for kernel, stride in zip(kernels, strides)):
            raise ConfigError(
                f'FrameStem: each kernel must be its stride plus an even number, so that maps shrink by the stride '
                f'alone; found kernels {list(kernels)} and strides {list(strides)}'
            )
        self.num_doppler = num_doppler
        self.out_channels, self.reduction = channels[-1], math.prod(strides)
        layers, width = [], in_channels * num_doppler
        for out, kernel, stride in zip(channels, kernels, strides):
            layers += [nn.Conv2d(width, out, kernel, stride, (kernel - stride) // 2), nn.ReLU()]
            width = out
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Float[Tensor, 'n frames channels angle doppler range']) -> Float[Tensor, 'n out frames a r']:
        batch, frames = x.shape[:2]
        if x.shape[4] != self.num_doppler:
            raise ConfigError(f'FrameStem.num_doppler is {self.num_doppler}, but the heatmaps have {x.shape[4]} bins')
        # Doppler and channels last: torch's CPU convolutions are faster on it
        maps = x.permute(0, 1, 3, 5, 2, 4).flatten(0, 1).flatten(3, 4).permute(0, 3, 1, 2)
        return self.layers(maps).unflatten(0, (batch, frames)).transpose(1, 2)
