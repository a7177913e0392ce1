"""Layer of modulated deformable convolution (DCNv2)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.ops import modulated_deform_conv2d


class ModulatedDeformConv(BaseModule):
    """2D convolution that samples at given offsets and weights the samples by given masks; keeps the map size.

    Args:
        channels: Input and output channels.
        kernel_size: Odd kernel size.
        groups: Groups of the convolution.
        deform_groups: Number of channel groups, each with its own offsets.
        backend: See :func:`mmradar.ops.modulated_deform_conv2d`.

    Raises:
        ConfigError: If the kernel size is even, or groups do not divide the channels.
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
        """Apply the convolution; see :func:`mmradar.ops.modulated_deform_conv2d`."""
        return modulated_deform_conv2d(
            x, offset, mask, self.weight, self.bias, self.groups, self.deform_groups, backend=self.backend
        )

    def uncounted_macs(self, x: Float[Tensor, 'batch channels height width'], *_) -> dict[str, int]:
        """Count the multiply-accumulates of the samples, four each: torch counts only the convolution itself."""
        return {'bilinear samples': 4 * self.weight[0, 0].numel() * x.numel()}
