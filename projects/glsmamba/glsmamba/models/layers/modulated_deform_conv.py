"""A layer of modulated deformable convolution (DCNv2)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.ops import modulated_deform_conv2d


class ModulatedDeformConv(BaseModule):
    """A 2D convolution that samples where given offsets say, weighted by given masks, map size kept.

    Args:
        channels: In and out.
        kernel_size: Odd.
        groups: Of the convolution.
        deform_groups: Groups of channels with offsets of their own.
        backend: Of :func:`mmradar.ops.modulated_deform_conv2d`.

    Raises:
        ConfigError: An even kernel, or groups that do not divide the channels.
    """

    def __init__(
        self, channels: int, kernel_size: int = 3, groups: int = 1, deform_groups: int = 1, backend: str = 'auto'
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ConfigError(f'ModulatedDeformConv: kernel_size must be odd, found {kernel_size}')
        if channels % groups or channels % deform_groups:
            raise ConfigError(
                f'ModulatedDeformConv: {channels} channels cannot be divided into groups={groups} and '
                f'deform_groups={deform_groups}'
            )
        self.groups, self.deform_groups, self.backend = groups, deform_groups, backend
        self.weight = nn.Parameter(torch.empty(channels, channels // groups, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(channels))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # as torch's convolutions

    def forward(
        self,
        x: Float[Tensor, 'batch channels height width'],
        offset: Float[Tensor, 'batch offsets height width'],
        mask: Float[Tensor, 'batch samples height width'],
    ) -> Float[Tensor, 'batch channels height width']:
        """As :func:`mmradar.ops.modulated_deform_conv2d`."""
        return modulated_deform_conv2d(
            x, offset, mask, self.weight, self.bias, self.groups, self.deform_groups, backend=self.backend
        )

    def uncounted_macs(self, x: Float[Tensor, 'batch channels height width'], *_) -> dict[str, int]:
        """Multiply-accumulates of the samples, four each: torch counts the convolution behind them only."""
        return {'bilinear samples': 4 * self.weight[0, 0].numel() * x.numel()}
