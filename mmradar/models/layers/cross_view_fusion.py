"""Attention between the tokens of two radars."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.models.layers.transformer_decoder import TransformerDecoderLayer


class CrossViewFusion(BaseModule):
    """Layer in which the tokens of each of two views attend to each other and then to the other view's tokens.

    Each view has a Transformer decoder layer whose memory is the other view. Both read the tokens from before the
    layer, so that the views have equal parts. Our choice for the fusion of TransHuPR, of which only the name is known.

    Args:
        embed_dims: Width of the tokens.
        num_heads: Number of attention heads.
        feedforward_ratio: Hidden width of the feed-forward parts, as a multiple of the token width.
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
        self.norms = nn.ModuleList(nn.LayerNorm(embed_dims) for _ in range(2))
        self.layers = nn.ModuleList(
            TransformerDecoderLayer(embed_dims, num_heads, feedforward_ratio, dropout) for _ in range(2)
        )

    def forward(
        self, hori: Float[Tensor, 'batch length dims'], vert: Float[Tensor, 'batch length dims']
    ) -> tuple[Float[Tensor, 'batch length dims'], Float[Tensor, 'batch length dims']]:
        """Return the tokens of both views, each with what it found in the other."""
        memories = [norm(tokens) for norm, tokens in zip(self.norms, (hori, vert))]
        fused_hori, fused_vert = (
            layer(tokens.unsqueeze(1), memory).squeeze(1)
            for layer, tokens, memory in zip(self.layers, (hori, vert), reversed(memories))
        )
        return fused_hori, fused_vert
