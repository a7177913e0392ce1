"""Transformer encoder layer, for comparison with Vision Mamba's."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.registry import MODELS


@MODELS.register_module()
class TransformerEncoderLayer(BaseModule):
    """Pre-norm Transformer encoder layer, quadratic in length; the paper's table 8 has it instead of Vision Mamba.

    Args:
        embed_dims: Width of the tokens.
        num_heads: Number of attention heads.
        feedforward_ratio: Hidden width of the feed-forward part, as a multiple of the token width.
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
        # With the batch first, torch takes its own fast path for inference, which on a CPU builds matrices of length x
        # length. This one uses fused attention in training and in inference.
        self.layer = nn.TransformerEncoderLayer(
            embed_dims, num_heads, feedforward_ratio * embed_dims, dropout, 'gelu', batch_first=False, norm_first=True
        )

    def forward(self, tokens: Float[Tensor, 'batch length dims']) -> Float[Tensor, 'batch length dims']:
        return self.layer(tokens.transpose(0, 1)).transpose(0, 1)
