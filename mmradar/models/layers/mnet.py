"""HuPR's MNet, which merges the Doppler axis of a heatmap."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn


class MNet(BaseModule):
    """Layer that merges the Doppler axis: it mixes neighbouring bins in pairs and takes the maximum over the pairs.

    HuPR (Lee et al., WACV 2023), and the first step of milliMamba's feature extraction: a 3D convolution of kernel and
    stride 2 over Doppler, then max-pooling over the rest of that axis.

    Args:
        in_channels: Channels of the heatmap (2: real and imaginary part).
        out_channels: Channels of the features.
    """

    def __init__(self, in_channels: int, out_channels: int, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.conv = nn.Conv3d(in_channels, out_channels, kernel_size=(2, 1, 1), stride=(2, 1, 1))

    def forward(self, x: Float[Tensor, 'n channels doppler angle range']) -> Float[Tensor, 'n out angle range']:
        return self.conv(x).amax(dim=2)
