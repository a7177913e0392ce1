"""Sequential channel attention."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError


class SequentialChannelAttention(BaseModule):
    """Weights between 0 and 1 for each channel of each frame, from all frames (GLSMamba, GSM block).

    All frames' channels side by side, global average pool, MLP, sigmoid. The MLP has two layers with a GELU between
    them, and its width is ours: see :class:`~glsmamba.models.necks.GLSMamba`.

    Args:
        embed_dims: Channels D of a frame.
        num_frames: Frames T.
        hidden_dims: Width of the MLP between the T D channels.

    Raises:
        ConfigError: A size that is not positive.
    """

    def __init__(self, embed_dims: int, num_frames: int, hidden_dims: int) -> None:
        super().__init__()
        if min(embed_dims, num_frames, hidden_dims) < 1:
            raise ConfigError(
                'SequentialChannelAttention: sizes must be positive, found '
                f'embed_dims={embed_dims}, num_frames={num_frames}, hidden_dims={hidden_dims}'
            )
        channels = num_frames * embed_dims
        self.mlp = nn.Sequential(
            nn.Linear(channels, hidden_dims), nn.GELU(), nn.Linear(hidden_dims, channels), nn.Sigmoid()
        )

    def forward(
        self, x: Float[Tensor, 'batch frames height width dims']
    ) -> Float[Tensor, 'batch frames height width dims']:
        mean = x.mean(dim=(2, 3))
        weights = self.mlp(mean.flatten(1)).view_as(mean)
        return x * weights[:, :, None, None]
