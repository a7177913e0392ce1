"""Transformer decoder layer, for comparison with STCA's."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn


class TransformerDecoderLayer(BaseModule):
    """Pre-norm Transformer decoder layer: all queries attend to each other, then to the tokens.

    Args:
        embed_dims: Width of queries and tokens.
        num_heads: Number of attention heads.
        feedforward_ratio: Hidden width of the feed-forward part, as a multiple of the query width.
        dropout: Dropout probability in attention and feed-forward.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int = 8,
        feedforward_ratio: int = 4,
        dropout: float = 0.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.layer = nn.TransformerDecoderLayer(
            embed_dims, num_heads, feedforward_ratio * embed_dims, dropout, 'gelu', batch_first=True, norm_first=True
        )

    def forward(
        self, queries: Float[Tensor, 'batch frames joints dims'], tokens: Float[Tensor, 'batch length dims']
    ) -> Float[Tensor, 'batch frames joints dims']:
        return self.layer(queries.flatten(1, 2), tokens).view_as(queries)
