"""HuPR's residual block."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.layers.conv3d import Conv3d

_CONVOLUTIONS = {2: (nn.Conv2d, nn.BatchNorm2d), 3: (Conv3d, nn.BatchNorm3d)}


class ConvShortcutBlock(BaseModule):
    """Residual block of two 3-wide convolutions whose shortcut is always a third one, never the identity.

    From HuPR's public code. Its encoder has the block in three dimensions with batch norm and ReLU, its decoder in two
    without norm and with PReLU. The block changes the number of channels only, not the other sizes.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        dims: Number of dimensions to convolve over, 2 or 3.
        norm: Apply batch norm after every convolution.
        activation: Class of the activation between the two convolutions and after the sum.

    Raises:
        ConfigError: Other ``dims``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        dims: int,
        norm: bool = True,
        activation: type[nn.Module] = nn.ReLU,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if dims not in _CONVOLUTIONS:
            raise ConfigError(f'ConvShortcutBlock.dims must be 2 or 3, found {dims!r}')
        conv, batch_norm = _CONVOLUTIONS[dims]

        def convolution(channels: int) -> list[nn.Module]:
            layer = conv(channels, out_channels, 3, padding=1, bias=False)
            return [layer, batch_norm(out_channels)] if norm else [layer]

        self.main = nn.Sequential(*convolution(in_channels), activation(), *convolution(out_channels))
        self.shortcut = nn.Sequential(*convolution(in_channels))
        self.activation = activation()

    def forward(self, x: Float[Tensor, 'n channels *size']) -> Float[Tensor, 'n out *size']:
        return self.activation(self.main(x) + self.shortcut(x))
