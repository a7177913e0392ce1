"""Stem of milliMamba's encoder, one per radar."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.layers.mnet import MNet
from mmradar.models.layers.residual_conv3d import ResidualConv3d
from mmradar.registry import MODELS


@MODELS.register_module()
class ViewStem(BaseModule):
    """Stem of MNet and three residual 3D convolutions, two of which halve angle and range.

    milliMamba, feature extraction: one view's heatmaps of all frames become ``F`` of shape (C, T, H / 4, W / 4).

    Args:
        in_channels: Channels of the heatmaps.
        channels: Channels after MNet and after each of the three blocks.
        strides: Stride of each block over angle and range.

    Raises:
        ConfigError: Other than one entry of ``channels`` for MNet and one for each block.
    """

    def __init__(
        self,
        in_channels: int = 2,
        channels: Sequence[int] = (16, 16, 24, 128),
        strides: Sequence[int] = (1, 2, 2),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if len(channels) != len(strides) + 1:
            raise ConfigError(
                f'ViewStem: {len(strides)} blocks need {len(strides) + 1} channels, found {list(channels)}'
            )
        self.out_channels, self.reduction = channels[-1], math.prod(strides)
        self.mnet = MNet(in_channels, channels[0])
        self.blocks = nn.Sequential(
            *(ResidualConv3d(width, out, stride) for width, out, stride in zip(channels, channels[1:], strides))
        )

    def forward(self, x: Float[Tensor, 'n frames channels angle doppler range']) -> Float[Tensor, 'n out frames a r']:
        batch, frames = x.shape[:2]
        y = self.mnet(x.flatten(0, 1).transpose(2, 3))
        y = y.unflatten(0, (batch, frames)).transpose(1, 2)
        # Channels last in memory: torch's CPU convolutions are three times faster on that, cuDNN's are no slower.
        return self.blocks(y.contiguous(memory_format=torch.channels_last_3d))
