"""Stem that processes each frame independently."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.layers.frame_memory import PerFrame
from mmradar.registry import MODELS


@MODELS.register_module()
class FrameStem(PerFrame, BaseModule):
    """Stem of 2D convolutions over angle and range of each frame, with all Doppler bins as channels.

    Not in the paper, whose stem convolves over frames too; here only the scans relate frames. Doppler is not pooled:
    the bin that responds tells how fast a limb moves. Features of a frame do not depend on its window, so that a stream
    computes them only once.

    Args:
        in_channels: Channels of the heatmaps.
        num_doppler: Doppler bins of the heatmaps.
        channels: Channels after each convolution; a ReLU follows each.
        kernels: Kernel size of each convolution.
        strides: Stride of each convolution.

    Raises:
        ConfigError: Different numbers of channels, kernels and strides, or a kernel that is not its stride plus an even
            number; a kernel smaller than its stride would skip cells.
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
        if x.shape[4] != self.num_doppler:
            raise ConfigError(f'FrameStem.num_doppler is {self.num_doppler}, but the heatmaps have {x.shape[4]} bins')
        return self.each_frame(x, self._maps).transpose(1, 2)

    def _maps(self, x: Float[Tensor, 'n channels angle doppler range']) -> Float[Tensor, 'n out a r']:
        # Doppler and channels last in memory: torch's CPU convolutions are faster on that
        return self.layers(x.permute(0, 2, 4, 1, 3).flatten(3, 4).permute(0, 3, 1, 2))
