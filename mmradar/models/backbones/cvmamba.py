"""milliMamba's encoder."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.backbones.window_size import check_window
from mmradar.models.layers import SCAN_ORDERS, ViewStem
from mmradar.registry import MODELS


@MODELS.register_module()
class CVMamba(BaseModule):
    """Cross-View Fusion Mamba: the views and frames of a window, fused in time linear in their number.

    milliMamba, section "CVMamba encoder". Each view goes through a stem of its own (MNet and residual 3D
    convolutions); learnable positions are added; all cells become one sequence, range first, then angle, view and
    frame, every other angle row backwards; a stack of Vision Mamba layers reads it from both ends.

    Args:
        num_frames: Frames T of a window.
        num_views: Radars V.
        input_size: (angle, range) bins of a heatmap.
        stem: Arguments of :class:`~mmradar.models.layers.ViewStem`. Its last channel count is the width of the tokens.
        num_layers: Encoder layers.
        layer: Configuration of an encoder layer; ``embed_dims`` is filled in.
        scan_order: ``'zigzag'`` or ``'raster'``.
        frame_embedding: Add a learnable vector for each frame too. The paper names spatial positions only; without
            it, cross-attention could tell frames apart by the scan's state alone. Open, ours.
    """

    def __init__(
        self,
        num_frames: int = 9,
        num_views: int = 2,
        input_size: tuple[int, int] = (64, 256),
        stem: dict | None = None,
        num_layers: int = 4,
        layer: dict | None = None,
        scan_order: str = 'zigzag',
        frame_embedding: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if scan_order not in SCAN_ORDERS:
            raise ConfigError(f'CVMamba.scan_order must be one of {", ".join(SCAN_ORDERS)}, found {scan_order!r}')
        stem = {'channels': (16, 16, 24, 128), 'strides': (1, 2, 2), **(stem or {})}
        dims, reduction = stem['channels'][-1], math.prod(stem['strides'])
        if any(size % reduction for size in input_size):
            name = type(self).__name__
            raise ConfigError(f"{name}.input_size {tuple(input_size)} is not divisible by the stem's {reduction}")
        self.num_frames, self.num_views, self.input_size = num_frames, num_views, tuple(input_size)
        self.stems = nn.ModuleList(ViewStem(**stem) for _ in range(num_views))
        height, width = (size // reduction for size in input_size)
        self.position = nn.Parameter(0.02 * torch.randn(num_views, dims, 1, height, width))
        self.frame_position = nn.Parameter(torch.zeros(dims, num_frames, 1, 1)) if frame_embedding else None
        self.register_buffer('order', SCAN_ORDERS[scan_order](height, width), persistent=False)
        layer = layer or dict(type='VisionMambaLayer')
        self.layers = nn.ModuleList(MODELS.build({**layer, 'embed_dims': dims}) for _ in range(num_layers))
        self.norm = nn.LayerNorm(dims)

    def features(self, inputs: Tensor) -> Float[Tensor, 'batch views dims frames height width']:
        """Each view's features with positions added: F_h and F_v."""
        check_window(type(self).__name__, inputs, self.num_frames, self.num_views, self.input_size)
        maps = torch.stack([stem(inputs[:, :, view]) for view, stem in enumerate(self.stems)], dim=1)
        maps = maps + self.position
        return maps if self.frame_position is None else maps + self.frame_position

    def serialise(
        self, maps: Float[Tensor, 'batch views dims frames height width']
    ) -> Float[Tensor, 'batch length dims']:
        """All cells as one sequence: range, then angle, then view, then frame."""
        cells = maps.permute(0, 3, 1, 4, 5, 2).flatten(3, 4)  # batch, frames, views, cells, dims
        return cells.index_select(3, self.order).flatten(1, 3)

    def deserialise(
        self, tokens: Float[Tensor, 'batch length dims']
    ) -> Float[Tensor, 'batch views dims frames height width']:
        """The inverse of :meth:`serialise`."""
        height, width = self.position.shape[-2:]
        cells = tokens.unflatten(1, (self.num_frames, self.num_views, -1)).index_select(3, self.order.argsort())
        return cells.unflatten(3, (height, width)).permute(0, 2, 5, 1, 3, 4)

    def encode(self, maps: Float[Tensor, 'batch views dims frames height width']) -> Float[Tensor, 'batch length dims']:
        """The layers' tokens, in the order of :meth:`serialise`. Another encoder of these maps overrides this."""
        tokens = self.serialise(maps)
        for layer in self.layers:
            tokens = layer(tokens)
        return tokens

    def forward(
        self, inputs: Float[Tensor, 'batch frames views channels angle doppler range']
    ) -> tuple[Float[Tensor, 'batch length dims']]:
        return (self.norm(self.encode(self.features(inputs))),)
