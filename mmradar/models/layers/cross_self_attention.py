"""HuPR's attention within and between two radars."""

from __future__ import annotations

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class CellAttention(BaseModule):
    """Attention of every cell of one map to all cells of another.

    ``out[p] = sum_q softmax_q(key(maps)[q] . query(asking)[p]) maps[q]``. As in HuPR's public code, there is one head,
    the products are not scaled by the width, and the values are the maps themselves.

    Args:
        channels: Channels of both maps.
    """

    def __init__(self, channels: int, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.key = nn.Conv2d(channels, channels, 1, bias=False)
        self.query = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(
        self, maps: Float[Tensor, 'n channels height width'], asking: Float[Tensor, 'n channels height width']
    ) -> Float[Tensor, 'n channels height width']:
        # torch's memory-efficient attention, which never holds all pairs of cells, needs channels adjacent in memory
        query, key, value = (
            x.permute(0, 2, 3, 1).flatten(1, 2).contiguous().unsqueeze(1)
            for x in (self.query(asking), self.key(maps), maps)
        )
        answer = scaled_dot_product_attention(query, key, value, scale=1.0)  # n, 1, cells, channels
        return answer.squeeze(1).transpose(1, 2).unflatten(2, maps.shape[2:])


class CrossSelfAttention(BaseModule):
    """Cross- and Self-Attention Module (CSAM): attention between and within two radars' maps of one scale.

    HuPR (Lee et al., WACV 2023), details from its public code: the cells of the other radar attend to each map, with
    the map as a residual, and so do its own cells, without a residual; the four results are concatenated.

    Args:
        channels: Channels C of a radar's map.
    """

    def __init__(self, channels: int, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.cross = nn.ModuleList(CellAttention(channels) for _ in range(2))
        self.own = nn.ModuleList(CellAttention(channels) for _ in range(2))

    def forward(
        self, hori: Float[Tensor, 'n channels height width'], vert: Float[Tensor, 'n channels height width']
    ) -> Float[Tensor, 'n fused height width']:
        """Return 4C channels: the horizontal radar's cross and self, then the vertical radar's cross and self."""
        fused = []
        for maps, other, cross, own in zip((hori, vert), (vert, hori), self.cross, self.own):
            fused += [cross(maps, other) + maps, own(maps, maps)]
        return torch.cat(fused, dim=1)
