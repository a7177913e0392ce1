"""Base of the necks over a clip, from the feature maps of all frames to one of the key frame."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import interpolate

from glsmamba.models.layers import SpaceTimeEmbedding
from mmradar.errors import ConfigError


class ClipNeck(BaseModule):
    """Base of necks over all frames of a clip: the steps around the blocks, which a subclass applies in :meth:`mix`.

    The steps: linear projection, embeddings, the blocks, selection of the key frame's tokens, norm. Our choices: the
    final norm; the key frame's own tokens as its features (the other frames have contributed through the blocks); and
    bilinear upsampling, which has no weights, for tokens at a lower resolution than the heatmaps.

    Args:
        in_channels: Channels C of the feature maps.
        embed_dims: Width D.
        num_frames: Number of frames T; 5 in the paper. The key frame is frame T // 2, the middle one.
        upsample: Rows and columns of the output as a multiple of the input's.

    Raises:
        ConfigError: If sizes are impossible.
    """

    def __init__(
        self, in_channels: int, embed_dims: int, num_frames: int, upsample: int = 1, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        sizes = dict(in_channels=in_channels, embed_dims=embed_dims, num_frames=num_frames, upsample=upsample)
        if bad := [f'{name}={value}' for name, value in sizes.items() if value < 1]:
            raise ConfigError(f'{type(self).__name__}: sizes must be positive, found {", ".join(bad)}')
        self.in_channels, self.embed_dims, self.num_frames = in_channels, embed_dims, num_frames
        self.upsample = upsample
        self.project = nn.Linear(in_channels, embed_dims)
        self.embedding = SpaceTimeEmbedding(embed_dims, num_frames)
        self.norm = nn.LayerNorm(embed_dims)

    def mix(
        self, x: Float[Tensor, 'batch frames height width dims']
    ) -> Float[Tensor, 'batch frames height width dims']:
        """Apply the blocks to the tokens of a clip."""
        raise NotImplementedError(f'{type(self).__name__} must define the blocks: def mix(...)')

    def forward(
        self, features: Float[Tensor, 'batch frames channels height width']
    ) -> Float[Tensor, 'batch dims higher wider']:
        """Compute the features of the key frame from those of all frames.

        Raises:
            ValueError: If the number of frames or channels differs from the configured one.
        """
        if features.ndim != 5 or features.shape[1:3] != (self.num_frames, self.in_channels) or 0 in features.shape:
            raise ValueError(
                f'{type(self).__name__} takes (batch, frames, channels, height, width) with {self.num_frames} frames '
                f'and {self.in_channels} channels, as its configuration says; found {tuple(features.shape)}'
            )
        x = self.mix(self.embedding(self.project(features.permute(0, 1, 3, 4, 2))))
        key = self.norm(x[:, self.num_frames // 2]).permute(0, 3, 1, 2)
        return interpolate(key, scale_factor=self.upsample, mode='bilinear') if self.upsample > 1 else key
