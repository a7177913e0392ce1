"""Structure that GSM and LRM blocks share: two streams, their product, and a feed-forward network."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import silu


class GateStream(BaseModule):
    """Depthwise convolution within each frame, LayerNorm, SiLU (GLSMamba, dual-stream gating; kernel 3: our choice)."""

    def __init__(self, embed_dims: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(embed_dims, embed_dims, kernel_size, padding=kernel_size // 2, groups=embed_dims)
        self.norm = nn.LayerNorm(embed_dims)

    def forward(
        self, x: Float[Tensor, 'batch frames height width dims']
    ) -> Float[Tensor, 'batch frames height width dims']:
        maps = self.conv(x.flatten(0, 1).permute(0, 3, 1, 2))
        return silu(self.norm(maps.permute(0, 2, 3, 1))).view_as(x)


class GatedBlock(BaseModule):
    """``x += W (norm(main(n)) * gate(n))`` with ``n = norm(x)``; ``x += FFN(norm(x))``.

    From the paper: the two streams, their product, and the FFN after it. Our choices: pre-norms, residuals, the norm of
    the main stream (sums of scans differ in scale), the projection W, and GELU in the FFN.

    Args:
        main: Module of the main stream.
        embed_dims: Width D.
        ffn_ratio: Hidden width of the FFN as a multiple of D.
    """

    def __init__(self, main: nn.Module, embed_dims: int, ffn_ratio: float = 3) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(embed_dims)
        self.main = main
        self.main_norm = nn.LayerNorm(embed_dims)
        self.gate = GateStream(embed_dims)
        self.proj = nn.Linear(embed_dims, embed_dims)
        hidden = int(embed_dims * ffn_ratio)
        self.ffn = nn.Sequential(
            nn.LayerNorm(embed_dims), nn.Linear(embed_dims, hidden), nn.GELU(), nn.Linear(hidden, embed_dims)
        )

    def forward(
        self, x: Float[Tensor, 'batch frames height width dims']
    ) -> Float[Tensor, 'batch frames height width dims']:
        n = self.norm(x)
        x = x + self.proj(self.main_norm(self.main(n)) * self.gate(n))
        return x + self.ffn(x)
