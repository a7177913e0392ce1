"""Sequential channel attention."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError


class SequentialChannelAttention(BaseModule):
    """Channel attention with a weight between 0 and 1 per channel and frame, given all frames (GLSMamba, GSM block).

    Global average pooling, concatenation of all frames' channels, MLP, sigmoid. The MLP has two layers with a GELU in
    between; its width is our choice, see :class:`~glsmamba.models.necks.GLSMamba`.

    Args:
        embed_dims: Channels D of a frame.
        num_frames: Number of frames T.
        hidden_dims: Hidden width of the MLP, whose input and output have T D channels.

    Raises:
        ConfigError: If a size is not positive.
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
