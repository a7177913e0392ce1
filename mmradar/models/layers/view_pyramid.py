"""One radar's features at three scales."""

from __future__ import annotations

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmradar.errors import ConfigError
from mmradar.models.layers.conv3d import Conv3d
from mmradar.models.layers.conv_shortcut_block import ConvShortcutBlock
from mmradar.models.layers.mnet import MNet


def interleave_parts(x: Float[Tensor, 'n parts doppler *size']) -> Float[Tensor, 'n parts doppler *size']:
    """Interleave real and imaginary parts along Doppler, as HuPR's public code hands them to MNet.

    Its loader stacks (Doppler, part) and its network reads the same memory as (part, Doppler). Of 8 bins, the first
    channel then holds the parts of bins 0 to 3 in turn, the second those of bins 4 to 7, so that MNet's pairs are the
    two parts of a bin, not two neighbouring bins.
    """
    return x.transpose(1, 2).reshape(x.shape)


class ViewPyramid(BaseModule):
    """MNet and a 3D CNN of three scales; at each scale, one convolution merges the frames.

    HuPR (Lee et al., WACV 2023), "Multi-Scale Spatio-Temporal Radar Feature Fusion", with the sizes of its public code.
    From one scale to the next, frames, range and angle are halved, by trilinear interpolation with aligned corners, and
    channels are doubled.

    Args:
        num_frames: Frames T of a window, at least 4: the scales have T, T / 2 and T / 4 frames.
        in_channels: Channels of the heatmaps.
        channels: Channels C after MNet; the scales have 2C, 4C and 8C.
        stride: Stride of the first 3D convolution over range and angle. 1 in HuPR; more is for small networks.
        interleaved: Hand the Doppler axis to MNet as HuPR's public code does, see :func:`interleave_parts`. If false,
            MNet mixes neighbouring bins, as HuPR's paper describes.

    Raises:
        ConfigError: Too few frames.
    """

    def __init__(
        self,
        num_frames: int = 8,
        in_channels: int = 2,
        channels: int = 32,
        stride: int = 1,
        interleaved: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_frames < 4:
            raise ConfigError(
                f'ViewPyramid.num_frames must be at least 4, so that it can be halved twice; found {num_frames}'
            )
        fine, middle, coarse = 2 * channels, 4 * channels, 8 * channels
        self.interleaved = interleaved
        self.mnet = MNet(in_channels, channels)
        self.scales = nn.ModuleList(
            [
                nn.Sequential(
                    Conv3d(channels, fine, 3, stride=(1, stride, stride), padding=1),
                    ConvShortcutBlock(fine, fine, dims=3),
                ),
                nn.Sequential(ConvShortcutBlock(fine, middle, dims=3), ConvShortcutBlock(middle, middle, dims=3)),
                nn.Sequential(ConvShortcutBlock(middle, coarse, dims=3), ConvShortcutBlock(coarse, coarse, dims=3)),
            ]
        )
        frames = (num_frames, num_frames // 2, num_frames // 4)
        self.merges = nn.ModuleList(
            nn.Conv3d(width, width, (left, 1, 1), bias=False) for width, left in zip((fine, middle, coarse), frames)
        )

    def forward(
        self, x: Float[Tensor, 'n frames channels angle doppler range']
    ) -> tuple[Float[Tensor, 'n fine r a'], Float[Tensor, 'n middle r2 a2'], Float[Tensor, 'n coarse r4 a4']]:
        """Return maps of 2C, 4C and 8C channels, the finest first.

        Rows are range and columns are angle, as in HuPR: the horizontal radar's columns run like those of the image.
        """
        batch, frames = x.shape[:2]
        y = x.flatten(0, 1).transpose(2, 3)
        y = self.mnet(interleave_parts(y) if self.interleaved else y)
        y = y.unflatten(0, (batch, frames)).permute(0, 2, 1, 4, 3)
        # Channels last in memory: torch's CPU convolutions are faster on that.
        y = y.contiguous(memory_format=torch.channels_last_3d)
        maps = []
        for scale, merge in zip(self.scales, self.merges):
            if maps:
                y = interpolate(y, [size // 2 for size in y.shape[2:]], mode='trilinear', align_corners=True)
            y = scale(y)
            maps.append(merge(y).squeeze(2))
        return tuple(maps)
