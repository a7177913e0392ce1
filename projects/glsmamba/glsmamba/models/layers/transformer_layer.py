"""Layer of a Transformer: self-attention and a feed-forward network."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class Attention(BaseModule):
    """Multi-head self-attention."""

    def __init__(self, embed_dims: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dims, 3 * embed_dims)
        self.proj = nn.Linear(embed_dims, embed_dims)

    def forward(self, x: Float[Tensor, 'batch tokens dims']) -> Float[Tensor, 'batch tokens dims']:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class FeedForward(BaseModule):
    """Two linear layers; the nesting gives the parameters mmcv's names."""

    def __init__(self, embed_dims: int, hidden_dims: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Sequential(nn.Linear(embed_dims, hidden_dims), nn.GELU()), nn.Linear(hidden_dims, embed_dims)
        )

    def forward(self, x: Float[Tensor, 'batch tokens dims']) -> Float[Tensor, 'batch tokens dims']:
        return self.layers(x)


class TransformerLayer(BaseModule):
    """Transformer layer with pre-norm; parameters have the names of mmpretrain's.

    Args:
        embed_dims: Width D.
        num_heads: Number of heads, a divisor of D.
        feedforward_channels: Hidden width of the feed-forward network.
    """

    def __init__(self, embed_dims: int, num_heads: int, feedforward_channels: int) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(embed_dims, eps=1e-6)
        self.attn = Attention(embed_dims, num_heads)
        self.ln2 = nn.LayerNorm(embed_dims, eps=1e-6)
        self.ffn = FeedForward(embed_dims, feedforward_channels)

    def forward(self, x: Float[Tensor, 'batch tokens dims']) -> Float[Tensor, 'batch tokens dims']:
        x = x + self.attn(self.ln1(x))
        return x + self.ffn(self.ln2(x))
