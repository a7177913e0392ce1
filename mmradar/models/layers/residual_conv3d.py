"""Residual 3D convolution over frames, angle and range."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import relu

from mmradar.models.layers.conv3d import Conv3d


class ResidualConv3d(BaseModule):
    """Residual block of two 3 x 3 x 3 convolutions, which never reduces the number of frames.

    milliMamba, feature extraction ("residual 3D convolutions"). The paper leaves the inside of the block open; this is
    ResNet's basic block.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Down-sampling factor of angle and range.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        strides = (1, stride, stride)
        self.conv1 = Conv3d(in_channels, out_channels, 3, stride=strides, padding=1, bias=False)
        self.norm1 = nn.BatchNorm3d(out_channels)
        self.conv2 = Conv3d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm3d(out_channels)
        self.skip = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.skip = nn.Sequential(
                Conv3d(in_channels, out_channels, 1, stride=strides, bias=False), nn.BatchNorm3d(out_channels)
            )

    def forward(self, x: Float[Tensor, 'n channels frames angle range']) -> Float[Tensor, 'n out frames a r']:
        y = relu(self.norm1(self.conv1(x)))
        return relu(self.norm2(self.conv2(y)) + self.skip(x))
