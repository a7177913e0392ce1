"""mm-Pose's network up to its output layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.backbones.window_size import check_window
from mmradar.models.layers import DopplerImage
from mmradar.registry import MODELS
from mmradar.structures import RadarWindow


@MODELS.register_module()
class ForkedCNN(BaseModule):
    """mm-Pose's forked CNN: a small CNN for each radar's image of the key frame, then fully connected layers.

    mm-Pose (Sengupta et al., IEEE Sensors Journal 2020, arXiv 1911.09592): a point cloud is projected onto the
    range-azimuth and the range-elevation plane, each projection becomes an image, and a CNN with one branch for each
    image estimates the joints of that frame. milliMamba compares with it and does not say how it was adapted to
    heatmaps of two radars.

    This is our reading. The images are those of :class:`~mmradar.models.layers.DopplerImage`; the horizontal radar's
    stands for range-azimuth, the vertical radar's for range-elevation. Each branch has three 3 x 3 convolutions of 16,
    32 and 64 channels with dropout 0.2; fully connected layers of 512, 256 and 128 with dropout 0.3 follow. These
    numbers are those of a public re-implementation by others; the paper's own section on the network was not available
    to us. Strides, batch norm and ReLU are our choice: a heatmap has more pixels than mm-Pose's images.

    Args:
        num_frames: Frames T of a window, of which all but the key frame are ignored.
        num_views: Radars V, each with its own branch.
        input_size: (angle, range) bins of a heatmap.
        key_frame: The key frame, as in :class:`~mmradar.structures.RadarWindow`; the data set's.
        strongest_bin: Add the strongest Doppler bin to each image as a second channel.
        channels: Channels after each convolution of a branch.
        strides: Stride of each convolution over angle and range.
        conv_dropout: Dropout probability after each convolution.
        hidden: Width of each fully connected layer. The last is the number of features of a window.
        hidden_dropout: Dropout probability after each fully connected layer.

    Raises:
        ConfigError: Different numbers of channels and strides, no fully connected layer, bins that the strides do not
            divide, or a key frame outside the window.
    """

    def __init__(
        self,
        num_frames: int = 1,
        num_views: int = 2,
        input_size: tuple[int, int] = (64, 64),
        key_frame: int | str = 'centre',
        strongest_bin: bool = True,
        channels: Sequence[int] = (16, 32, 64),
        strides: Sequence[int] = (2, 2, 2),
        conv_dropout: float = 0.2,
        hidden: Sequence[int] = (512, 256, 128),
        hidden_dropout: float = 0.3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if not channels or len(channels) != len(strides):
            raise ConfigError(
                f'ForkedCNN needs one stride for each entry of channels, found {list(channels)} and {list(strides)}'
            )
        if not hidden:
            raise ConfigError('ForkedCNN.hidden must have the width of at least one fully connected layer, found none')
        num_angles, num_bins = input_size
        reduction = math.prod(strides)
        if num_angles % reduction or num_bins % reduction:
            raise ConfigError(
                f'ForkedCNN.input_size must be divisible by {reduction}, the product of the strides; found '
                f'{(num_angles, num_bins)}'
            )
        self.num_frames, self.num_views, self.input_size = num_frames, num_views, (num_angles, num_bins)
        self.key_index = RadarWindow(num_frames, key_frame).key_index
        self.image = DopplerImage(strongest_bin)

        def branch() -> nn.Sequential:
            layers: list[nn.Module] = []
            for (width, out), stride in zip(pairwise((self.image.out_channels, *channels)), strides, strict=True):
                conv = nn.Conv2d(width, out, 3, stride, padding=1, bias=False)
                layers += [conv, nn.BatchNorm2d(out), nn.ReLU(), nn.Dropout(conv_dropout)]
            return nn.Sequential(*layers, nn.Flatten())

        self.branches = nn.ModuleList(branch() for _ in range(num_views))
        features = num_views * channels[-1] * (num_angles // reduction) * (num_bins // reduction)
        layers: list[nn.Module] = []
        for width, out in pairwise((features, *hidden)):
            layers += [nn.Linear(width, out), nn.ReLU(), nn.Dropout(hidden_dropout)]
        self.hidden = nn.Sequential(*layers)

    def forward(
        self, inputs: Float[Tensor, 'batch frames views channels angle doppler range']
    ) -> tuple[Float[Tensor, 'batch features']]:
        """Return the features of each window's key frame."""
        check_window('ForkedCNN', inputs, self.num_frames, self.num_views, self.input_size)
        heatmaps = inputs[:, self.key_index]
        maps = [branch(self.image(heatmaps[:, view])) for view, branch in enumerate(self.branches)]
        return (self.hidden(torch.cat(maps, dim=1)),)
