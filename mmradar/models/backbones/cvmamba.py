"""milliMamba's encoder."""

from __future__ import annotations

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.backbones.window_size import check_window
from mmradar.registry import MODELS


@MODELS.register_module()
class CVMamba(BaseModule):
    """Cross-View Fusion Mamba: the views and frames of a window, fused in time linear in their number.

    milliMamba, section "CVMamba encoder". Each view goes through a stem of its own (MNet and residual 3D
    convolutions in the paper); learnable positions are added; a mixer makes tokens of all cells of all maps, each of
    which knows of the others.

    Args:
        num_frames: Frames T of a window.
        num_views: Radars V.
        input_size: (angle, range) bins of a heatmap.
        stem: Configuration of each view's stem: the paper's :class:`~mmradar.models.layers.ViewStem` by default, or any
            with ``out_channels``, the width of the tokens, and ``reduction``, by how much its maps are smaller.
        mixer: Configuration of a module from maps (batch, views, dims, frames, angle, range) to tokens (batch, length,
            dims): milliMamba's :class:`~mmradar.models.layers.SequenceMixer` by default. ``embed_dims``,
            ``num_frames``, ``num_views`` and ``map_size``, a map's (angle, range) cells, are filled in. It may have
            ``out_dims``, the width of its tokens, if that is another.
        crop: Configuration of what comes before the stems, heatmaps to smaller ones and features of their place, such
            as :class:`~mmradar.models.layers.RangeCrop`; the features are added to the maps through a small network.
            Not in the paper: none by default.
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
        crop: dict | None = None,
        frame_embedding: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        stem = {'type': 'ViewStem', **(stem or {})}
        self.stems = nn.ModuleList(MODELS.build(stem) for _ in range(num_views))
        dims, reduction = self.stems[0].out_channels, self.stems[0].reduction
        self.crop = MODELS.build(crop) if crop else None
        map_input = (input_size[0], self.crop.num_bins) if self.crop else tuple(input_size)
        if any(size % reduction for size in map_input):
            raise ConfigError(f"CVMamba.input_size {map_input} is not divisible by the stem's {reduction}")
        self.num_frames, self.num_views, self.input_size = num_frames, num_views, tuple(input_size)
        if self.crop is not None:
            features = self.crop.num_features(num_views)
            self.place = nn.Sequential(nn.Linear(features, dims), nn.GELU(), nn.Linear(dims, dims))
        height, width = (size // reduction for size in map_input)
        self.position = nn.Parameter(0.02 * torch.randn(num_views, dims, 1, height, width))
        self.frame_position = nn.Parameter(torch.zeros(dims, num_frames, 1, 1)) if frame_embedding else None
        sizes = dict(embed_dims=dims, num_frames=num_frames, num_views=num_views, map_size=(height, width))
        # the mixer is called `layers`, which is what its weights are called in checkpoints
        self.layers = MODELS.build({'type': 'SequenceMixer', **(mixer or {}), **sizes})
        self.norm = nn.LayerNorm(getattr(self.layers, 'out_dims', dims))

    def features(self, inputs: Tensor) -> Float[Tensor, 'batch views dims frames height width']:
        """Each view's features with positions added: F_h and F_v."""
        check_window('CVMamba', inputs, self.num_frames, self.num_views, self.input_size)
        place = None
        if self.crop is not None:
            inputs, place = self.crop(inputs)
        maps = torch.stack([stem(inputs[:, :, view]) for view, stem in enumerate(self.stems)], dim=1)
        maps = maps + self.position
        if place is not None:
            maps = maps + self.place(place)[:, None, :, None, None, None]
        return maps if self.frame_position is None else maps + self.frame_position

    def forward(
        self, inputs: Float[Tensor, 'batch frames views channels angle doppler range']
    ) -> tuple[Float[Tensor, 'batch length dims']]:
        return (self.norm(self.layers(self.features(inputs))),)
