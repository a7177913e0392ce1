"""Block of the Local Refinement Mamba (LRM)."""

from __future__ import annotations

from glsmamba.models.layers.gated_block import GatedBlock
from glsmamba.models.layers.windows import WSTS


class LRMBlock(GatedBlock):
    """Gated block of scans within space-time windows, without channel attention (GLSMamba, LRM).

    Args:
        embed_dims: Width D.
        ffn_ratio: Hidden width of the FFN as a multiple of D.
        window: Rows and columns of a window.
        s6_cfg: See :class:`~glsmamba.models.layers.windows.WSTS`.
    """

    def __init__(
        self, embed_dims: int, ffn_ratio: float = 3, window: tuple[int, int] = (8, 6), s6_cfg: dict | None = None
    ) -> None:
        super().__init__(WSTS(embed_dims, window, s6_cfg), embed_dims, ffn_ratio)
