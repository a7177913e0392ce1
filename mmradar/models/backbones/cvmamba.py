"""milliMamba's encoder."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.backbones.window_size import check_window
from mmradar.models.layers import ViewStem
from mmradar.registry import MODELS


@MODELS.register_module()
class CVMamba(BaseModule):
    """Cross-View Fusion Mamba: the views and frames of a window, fused in time linear in their number.

    milliMamba, section "CVMamba encoder". Each view goes through a stem of its own (MNet and residual 3D
    convolutions); learnable positions are added; a mixer makes tokens of all cells of all maps, each of which knows of
    the others.

    Args:
        num_frames: Frames T of a window.
        num_views: Radars V.
        input_size: (angle, range) bins of a heatmap.
        stem: Arguments of :class:`~mmradar.models.layers.ViewStem`. Its last channel count is the width of the tokens.
        mixer: Configuration of a module from maps (batch, views, dims, frames, angle, range) to tokens (batch, length,
            dims): milliMamba's :class:`~mmradar.models.layers.SequenceMixer` by default. ``embed_dims``,
            ``num_frames``, ``num_views`` and ``map_size``, a map's (angle, range) cells, are filled in.
        frame_embedding: Add a learnable vector for each frame too. The paper names spatial positions only; without
            it, cross-attention could tell frames apart by the scan's state alone. Open, ours.

    Raises:
        ConfigError: Bins that the stem's strides do not divide.
    """

    def __init__(
        self,
        num_frames: int = 9,
        num_views: int = 2,
        input_size: tuple[int, int] = (64, 256),
        stem: dict | None = None,
        mixer: dict | None = None,
        frame_embedding: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        stem = {'channels': (16, 16, 24, 128), 'strides': (1, 2, 2), **(stem or {})}
        dims, reduction = stem['channels'][-1], math.prod(stem['strides'])
        if any(size % reduction for size in input_size):
            raise ConfigError(f"CVMamba.input_size {tuple(input_size)} is not divisible by the stem's {reduction}")
        self.num_frames, self.num_views, self.input_size = num_frames, num_views, tuple(input_size)
        self.stems = nn.ModuleList(ViewStem(**stem) for _ in range(num_views))
        height, width = (size // reduction for size in input_size)
        self.position = nn.Parameter(0.02 * torch.randn(num_views, dims, 1, height, width))
        self.frame_position = nn.Parameter(torch.zeros(dims, num_frames, 1, 1)) if frame_embedding else None
        sizes = dict(embed_dims=dims, num_frames=num_frames, num_views=num_views, map_size=(height, width))
        # the mixer is called `layers`, which is what its weights are called in checkpoints
        self.layers = MODELS.build({'type': 'SequenceMixer', **(mixer or {}), **sizes})
        self.norm = nn.LayerNorm(dims)

    def features(self, inputs: Tensor) -> Float[Tensor, 'batch views dims frames height width']:
        """Each view's features with positions added: F_h and F_v."""
        check_window('CVMamba', inputs, self.num_frames, self.num_views, self.input_size)
        maps = torch.stack([stem(inputs[:, :, view]) for view, stem in enumerate(self.stems)], dim=1)
        maps = maps + self.position
        return maps if self.frame_position is None else maps + self.frame_position

    def forward(
        self, inputs: Float[Tensor, 'batch frames views channels angle doppler range']
    ) -> tuple[Float[Tensor, 'batch length dims']]:
        return (self.norm(self.layers(self.features(inputs))),)
