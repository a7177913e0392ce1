"""Mixer whose tokens are whole maps, one for each view and frame."""

from __future__ import annotations

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.registry import MODELS


@MODELS.register_module()
class FrameMixer(BaseModule):
    """Mixer that makes one token of each map; layers read the tokens of all views and frames as one sequence.

    Not in the paper, whose tokens are the cells of the maps: a sequence of T x V tokens instead of T x V x H x W is
    short enough to train on a CPU. Each view has a linear layer with separate weights for every cell of a map. The
    order is the paper's: the sequence runs over views first, then frames.

    Args:
        embed_dims: Channels of the maps.
        num_frames: Frames T of a window.
        num_views: Radars V.
        map_size: (angle, range) cells of a map.
        out_dims: Width of the tokens.
        num_layers: Number of layers.
        layer: Configuration of a layer from tokens to tokens; ``embed_dims`` is filled in.
    """

    def __init__(
        self,
        embed_dims: int,
        num_frames: int,
        num_views: int,
        map_size: tuple[int, int],
        out_dims: int = 192,
        num_layers: int = 2,
        layer: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        layer = layer or dict(type='VisionMambaLayer')
        self.out_dims, cells = out_dims, embed_dims * map_size[0] * map_size[1]
        self.to_tokens = nn.ModuleList(nn.Linear(cells, out_dims) for _ in range(num_views))
        self.position = nn.Parameter(0.02 * torch.randn(num_frames, num_views, out_dims))
        self.layers = nn.ModuleList(MODELS.build({**layer, 'embed_dims': out_dims}) for _ in range(num_layers))

    def forward(
        self, maps: Float[Tensor, 'batch views dims frames height width']
    ) -> Float[Tensor, 'batch length out_dims']:
        cells = maps.transpose(2, 3).flatten(3)  # batch, views, frames, cells
        tokens = torch.stack([linear(cells[:, view]) for view, linear in enumerate(self.to_tokens)], dim=2)
        tokens = (tokens + self.position).flatten(1, 2)
        for layer in self.layers:
            tokens = layer(tokens)
        return tokens
