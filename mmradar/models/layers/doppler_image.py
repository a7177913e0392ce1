"""Image of a heatmap over angle and range."""

from __future__ import annotations

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor

from mmradar.errors import ConfigError


class DopplerImage(BaseModule):
    """Layer that makes an image of a heatmap: the largest magnitude over Doppler, and the bin in which it lies.

    Our reading of mm-Pose's images (Sengupta et al., IEEE Sensors Journal 2020), which hold positions and intensities
    of points projected onto the range-azimuth and the range-elevation plane. The pixels of a heatmap have positions
    already; the Doppler bin adds how fast the strongest reflector of a pixel moves.

    Made for magnitudes standardised over a frame (``NormalizeHeatmap(over='frame')``). Of real and imaginary parts, it
    takes the magnitude; if they were standardised bin by bin, bins of noise compete with bins of echoes.

    Args:
        strongest_bin: Add the bin as a second channel, from -1 for the first bin to 1 for the last.
    """

    def __init__(self, strongest_bin: bool = True, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.strongest_bin = strongest_bin
        self.out_channels = 1 + strongest_bin

    def forward(self, x: Float[Tensor, 'n channels angle doppler range']) -> Float[Tensor, 'n out angle range']:
        """Return the image of each heatmap.

        Raises:
            ConfigError: Heatmaps of more than two channels.
        """
        channels, last = x.shape[1], x.shape[3] - 1
        if channels > 2:
            raise ConfigError(
                f'DopplerImage takes heatmaps of one channel, a magnitude, or two, real and imaginary part; found '
                f'{channels}'
            )
        magnitude = x[:, 0] if channels == 1 else x.norm(dim=1)
        value, strongest = magnitude.max(dim=2)
        if not self.strongest_bin:
            return value[:, None]
        place = (2 * strongest - last).to(value.dtype) / max(last, 1)
        return torch.stack((value, place), dim=1)
