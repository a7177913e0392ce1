"""Layer of the STCA decoder."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn


class STCALayer(BaseModule):
    """Decoder layer of spatial, temporal and cross attention of keypoint queries, then a feed-forward part.

    milliMamba, equations 3 to 5: the joints of a frame attend to each other, then each joint to itself in all frames,
    then every query to the encoder's tokens. The paper leaves pre-norm, residuals and feed-forward open; these are a
    standard Transformer decoder's.

    Args:
        embed_dims: Width of queries and tokens.
        num_heads: Number of attention heads.
        feedforward_ratio: Hidden width of the feed-forward part, as a multiple of the query width.
        dropout: Dropout probability in attention and feed-forward.
        spatial: Attention among the joints of a frame. The paper's layer has it, and the next two; without one of them,
            its weights and its norm are missing, and the rest of the layer stays as it is.
        temporal: Attention of a joint to itself in all frames.
        cross: Attention to the encoder's tokens. A decoder without it sees nothing of the radar, unless the head's
            queries depend on the tokens.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int = 8,
        feedforward_ratio: int = 4,
        dropout: float = 0.0,
        spatial: bool = True,
        temporal: bool = True,
        cross: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)

        def attention(used: bool) -> tuple[nn.Module, nn.MultiheadAttention | None]:
            if not used:
                return nn.Identity(), None
            return nn.LayerNorm(embed_dims), nn.MultiheadAttention(embed_dims, num_heads, dropout, batch_first=True)

        self.spatial_norm, self.spatial = attention(spatial)
        self.temporal_norm, self.temporal = attention(temporal)
        self.cross_norm, self.cross = attention(cross)
        hidden = feedforward_ratio * embed_dims
        self.feedforward = nn.Sequential(
            nn.LayerNorm(embed_dims),
            nn.Linear(embed_dims, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, embed_dims),
            nn.Dropout(dropout),
        )

    def forward(
        self, queries: Float[Tensor, 'batch frames joints dims'], tokens: Float[Tensor, 'batch length dims']
    ) -> Float[Tensor, 'batch frames joints dims']:
        batch, frames = queries.shape[:2]
        q = queries.flatten(0, 1)  # joints of a frame
        if self.spatial is not None:
            x = self.spatial_norm(q)
            q = q + self.spatial(x, x, x, need_weights=False)[0]

        q = q.unflatten(0, (batch, frames)).transpose(1, 2).flatten(0, 1)  # frames of a joint
        if self.temporal is not None:
            x = self.temporal_norm(q)
            q = q + self.temporal(x, x, x, need_weights=False)[0]

        q = q.unflatten(0, (batch, -1)).transpose(1, 2).flatten(1, 2)  # all queries
        if self.cross is not None:
            q = q + self.cross(self.cross_norm(q), tokens, tokens, need_weights=False)[0]
        q = q + self.feedforward(q)
        return q.unflatten(1, (frames, -1))
