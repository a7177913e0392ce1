"""Block of the Global Spatiotemporal Mamba (GSM)."""

from __future__ import annotations

from torch import nn

from glsmamba.models.layers.gated_block import GatedBlock
from glsmamba.models.layers.sequential_channel_attention import SequentialChannelAttention
from glsmamba.models.layers.stmm import STMM
from glsmamba.models.layers.sts6d import STS6D


class GSMBlock(GatedBlock):
    """Gated block of channel attention, six scans over the whole clip and their merging (GLSMamba, GSM).

    Args:
        embed_dims: Width D.
        num_frames: Number of frames T.
        attention_dims: Hidden width of the channel attention.
        ffn_ratio: Hidden width of the FFN as a multiple of D.
        directions: ``'all'``, ``'unified+spatial'`` or ``'unified'``.
        merge: See :class:`~glsmamba.models.layers.stmm.STMM`.
        bidirectional: See :func:`~glsmamba.models.layers.scan_orders.scan_orders`.
        reset_state: See :class:`~glsmamba.models.layers.sts6d.STS6D`.
        s6_cfg: See :class:`~glsmamba.models.layers.sts6d.STS6D`.
        compensation_cfg: Arguments of :class:`~glsmamba.models.layers.stmm.ModulatedCompensation`.
    """

    def __init__(
        self,
        embed_dims: int,
        num_frames: int,
        attention_dims: int,
        ffn_ratio: float = 3,
        directions: str = 'all',
        merge: str = 'stmm',
        bidirectional: bool = True,
        reset_state: bool = False,
        s6_cfg: dict | None = None,
        compensation_cfg: dict | None = None,
    ) -> None:
        main = nn.Sequential(
            SequentialChannelAttention(embed_dims, num_frames, attention_dims),
            STS6D(embed_dims, directions, bidirectional, reset_state, s6_cfg),
            STMM(embed_dims, directions, merge, compensation_cfg),
        )
        super().__init__(main, embed_dims, ffn_ratio)
