"""Upsampling of the encoder's maps to a quarter of the image size."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.registry import MODELS


@MODELS.register_module()
class Deconvolutions(BaseModule):
    """Transposed convolutions of stride 2, each with batch norm and ReLU (ViTPose's classic decoder).

    Parameters have the names of ``deconv_layers`` in mmpose's ``HeatmapHead``, so that ViTPose's checkpoints fit:
    ``init_cfg=dict(type='Pretrained', checkpoint=..., prefix='head.')``.

    Args:
        in_channels: Channels of the encoder's maps.
        out_channels: Output channels of each layer; ViTPose has (256, 256).

    Raises:
        ConfigError: If ``out_channels`` is empty.
    """

    def __init__(
        self, in_channels: int = 768, out_channels: Sequence[int] = (256, 256), init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        if not out_channels:
            raise ConfigError(
                'Deconvolutions: out_channels is empty; leave out `upsampling` to keep the maps as they are'
            )
        layers = []
        for channels in out_channels:
            # kernel 4, padding 1: every output pixel depends on four inputs, and the map size exactly doubles
            layers += [
                nn.ConvTranspose2d(in_channels, channels, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(inplace=True),
            ]
            in_channels = channels
        self.out_channels = in_channels
        self.deconv_layers = nn.Sequential(*layers)

    def forward(self, x: Float[Tensor, 'maps channels height width']) -> Float[Tensor, 'maps out higher wider']:
        return self.deconv_layers(x)
