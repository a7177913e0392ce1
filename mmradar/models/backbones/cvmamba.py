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
    """Cross-View Fusion Mamba: encoder that fuses the views and frames of a window, in time linear in their number.

    milliMamba, section "CVMamba encoder". Each view has its own stem (MNet and residual 3D convolutions in the paper).
    Learnable positions are added to the stems' maps, and a mixer turns all cells of all maps into tokens, each of which
    depends on all cells.

    Args:
        num_frames: Frames T of a window.
        num_views: Radars V.
        input_size: (angle, range) bins of a heatmap.
        stem: Configuration of each view's stem, by default the paper's :class:`~mmradar.models.layers.ViewStem`. A stem
            has the attributes ``out_channels``, the channels of its maps, and ``reduction``, the factor by which they
            are smaller than the heatmaps.
        mixer: Configuration of a module from maps (batch, views, dims, frames, angle, range) to tokens (batch, length,
            dims), by default milliMamba's :class:`~mmradar.models.layers.SequenceMixer`. ``embed_dims``,
            ``num_frames``, ``num_views`` and ``map_size``, the (angle, range) cells of a map, are filled in. A mixer
            whose tokens are not ``embed_dims`` wide has their width as the attribute ``out_dims``.
        crop: Configuration of a module before the stems that returns smaller heatmaps and features of where it cut
            them, such as :class:`~mmradar.models.layers.RangeCrop`; a small network maps the features to a vector that
            is added to the maps. Not in the paper; none by default.
        frame_embedding: Also add a learnable vector for each frame. The paper names spatial positions only; without the
            vector, cross-attention could tell frames apart only by the state of the scan. Open in the paper; our
            choice.

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
        stems = [MODELS.build(stem) for _ in range(num_views)]
        self.stems = nn.ModuleList(stems)
        dims, reduction = stems[0].out_channels, stems[0].reduction
        self.crop = MODELS.build(crop) if crop else None
        num_angles, num_bins = input_size
        map_input = (num_angles, self.crop.num_bins if self.crop else num_bins)
        if any(size % reduction for size in map_input):
            raise ConfigError(f"CVMamba.input_size {map_input} is not divisible by the stem's {reduction}")
        self.num_frames, self.num_views, self.input_size = num_frames, num_views, (num_angles, num_bins)
        if self.crop is not None:
            features = self.crop.num_features(num_views)
            self.place = nn.Sequential(nn.Linear(features, dims), nn.GELU(), nn.Linear(dims, dims))
        height, width = (size // reduction for size in map_input)
        self.position = nn.Parameter(0.02 * torch.randn(num_views, dims, 1, height, width))
        self.frame_position = nn.Parameter(torch.zeros(dims, num_frames, 1, 1)) if frame_embedding else None
        sizes = dict(embed_dims=dims, num_frames=num_frames, num_views=num_views, map_size=(height, width))
        # the mixer is called `layers` because its weights have that name in checkpoints
        self.layers = MODELS.build({'type': 'SequenceMixer', **(mixer or {}), **sizes})
        self.norm = nn.LayerNorm(getattr(self.layers, 'out_dims', dims))

    def features(self, inputs: Tensor) -> Float[Tensor, 'batch views dims frames height width']:
        """Return each view's features with positions added: F_h and F_v in the paper."""
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
