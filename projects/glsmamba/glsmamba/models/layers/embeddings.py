"""Embeddings of a token's position: sine and cosine in the image, learnt vectors in time."""

from __future__ import annotations

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from glsmamba.models.layers.per_size_cache import PerSizeCache
from mmradar.errors import ConfigError


def sine_cosine_2d(height: int, width: int, dims: int) -> Float[Tensor, 'height width dims']:
    """Return the fixed embedding of rows (first half of the channels) and columns, sines before cosines.

    ``sin(p / 10000^(4 i / dims))`` as in Transformers, for pixel p; the same for cosines.

    Raises:
        ConfigError: If ``dims`` is not a multiple of 4.
    """
    if dims % 4:
        raise ConfigError(f'the spatial embedding needs a multiple of 4 channels, found {dims}')
    frequency = 10000 ** (-torch.arange(dims // 4, dtype=torch.float64) * 4 / dims)
    rows, columns = (
        torch.cat([angle.sin(), angle.cos()], dim=1)
        for angle in (torch.arange(size, dtype=torch.float64)[:, None] * frequency for size in (height, width))
    )
    halves = (rows[:, None].expand(-1, width, -1), columns.expand(height, -1, -1))
    return torch.cat(halves, dim=-1).float()


class SpaceTimeEmbedding(BaseModule):
    """Layer that adds a fixed 2D sine-cosine and a learnable temporal embedding (GLSMamba).

    The temporal embedding is initialised from N(0, 0.02^2) (our choice).


    Args:
        embed_dims: Width D.
        num_frames: Number of frames T.
    """

    def __init__(self, embed_dims: int, num_frames: int) -> None:
        super().__init__()
        self.embed_dims = embed_dims
        self.temporal = nn.Parameter(torch.empty(num_frames, embed_dims))
        nn.init.normal_(self.temporal, std=0.02)
        self.spatial = PerSizeCache(self._spatial)
        sine_cosine_2d(1, 1, embed_dims)  # raises now if the width does not fit

    def _spatial(self, height: int, width: int) -> tuple[Tensor]:
        return (sine_cosine_2d(height, width, self.embed_dims),)

    def forward(
        self, x: Float[Tensor, 'batch frames height width dims']
    ) -> Float[Tensor, 'batch frames height width dims']:
        (spatial,) = self.spatial(tuple(x.shape[2:4]), x.device)
        return x + (spatial + self.temporal[:, None, None]).to(x.dtype)
