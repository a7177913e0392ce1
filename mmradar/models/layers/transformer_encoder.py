"""A Transformer layer to set against Vision Mamba's."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.registry import MODELS


@MODELS.register_module()
class TransformerEncoderLayer(BaseModule):
    """A pre-norm Transformer encoder layer: the paper's table 8 has it in place of Vision Mamba. Quadratic in length.

    Args:
        embed_dims: Width of the tokens.
        num_heads: Attention heads.
        feedforward_ratio: Hidden width of the feed-forward part over token width.
        dropout: Of attention and feed-forward.
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
        self.layer = nn.TransformerEncoderLayer(
            embed_dims, num_heads, feedforward_ratio * embed_dims, dropout, 'gelu', batch_first=True, norm_first=True
        )

    def forward(self, tokens: Float[Tensor, 'batch length dims']) -> Float[Tensor, 'batch length dims']:
        return self.layer(tokens)
