"""Merging of a window's frames into one map."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError

_WAYS = ('convolution', 'mean')


class FrameMerge(BaseModule):
    """Layer that merges the frames of a window into one map, so that the layers after it see no time.

    Args:
        channels: Channels of the maps.
        num_frames: Frames T of a window.
        how: ``'convolution'``, over all frames at once as in HuPR's network, which can weigh frames and see motion;
            ``'mean'``, which has no parameters and ignores the order of the frames.

    Raises:
        ConfigError: Another way.
    """

    def __init__(self, channels: int, num_frames: int, how: str = 'convolution', init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if how not in _WAYS:
            raise ConfigError(f'FrameMerge.how must be one of {", ".join(_WAYS)}, found {how!r}')
        self.conv = nn.Conv3d(channels, channels, (num_frames, 1, 1)) if how == 'convolution' else None

    def forward(self, maps: Float[Tensor, 'n channels frames angle range']) -> Float[Tensor, 'n channels angle range']:
        return maps.mean(2) if self.conv is None else self.conv(maps).squeeze(2)
