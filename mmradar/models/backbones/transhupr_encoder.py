"""TransHuPR's encoder, as far as it is known."""

from __future__ import annotations

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.backbones.window_size import check_window
from mmradar.models.layers import CrossViewFusion, FrameMerge, TransformerEncoderLayer
from mmradar.registry import MODELS


@MODELS.register_module()
class TransHuPREncoder(BaseModule):
    """Encoder after TransHuPR: frames are merged early, a Transformer encodes each view, and attention fuses the views.

    TransHuPR (Kini et al., BMVC 2024), "Cross-view Fusion Transformer". Known to us are its title and what the
    milliMamba paper says of it: it is a Transformer that fuses two radars and models space and time only partially, as
    methods of its kind merge the frames early and predict one frame from many. Everything else is our choice: the stem,
    which is milliMamba's, so that the comparison is of what comes after it; how the frames are merged; number of layers
    and widths, which are milliMamba's where there is a counterpart; and the form of the fusion.

    Args:
        num_frames: Frames T of a window.
        num_views: Number of radars, which must be two, the horizontal one first.
        input_size: (angle, range) bins of a heatmap.
        stem: Configuration of each view's stem, by default milliMamba's :class:`~mmradar.models.layers.ViewStem`. A
            stem has the attributes ``out_channels`` and ``reduction``, see :class:`~mmradar.models.backbones.CVMamba`.
        frame_merge: How the frames become one map after the stem: ``'convolution'`` or ``'mean'``, see
            :class:`~mmradar.models.layers.FrameMerge`.
        num_layers: Encoder layers of each view; a view's tokens are the cells of its merged map.
        num_fusion_layers: Layers of :class:`~mmradar.models.layers.CrossViewFusion`. With 0, only the decoder sees both
            views.
        num_heads: Number of attention heads.
        feedforward_ratio: Hidden width of the feed-forward parts, as a multiple of the token width.
        dropout: Dropout probability in attention and feed-forward.

    Raises:
        ConfigError: Not two radars, bins that the stem's strides do not divide, channels that the heads do not divide,
            or an unknown ``frame_merge``.
    """

    def __init__(
        self,
        num_frames: int = 9,
        num_views: int = 2,
        input_size: tuple[int, int] = (64, 256),
        stem: dict | None = None,
        frame_merge: str = 'convolution',
        num_layers: int = 4,
        num_fusion_layers: int = 2,
        num_heads: int = 8,
        feedforward_ratio: int = 4,
        dropout: float = 0.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_views != 2:
            raise ConfigError(
                f'TransHuPREncoder.num_views must be 2, as each radar attends to the other; found {num_views}'
            )
        stems = [MODELS.build({'type': 'ViewStem', **(stem or {})}) for _ in range(num_views)]
        dims, reduction = stems[0].out_channels, stems[0].reduction
        num_angles, num_bins = input_size
        if num_angles % reduction or num_bins % reduction:
            raise ConfigError(
                f"TransHuPREncoder.input_size must be divisible by {reduction}, the stem's reduction; found "
                f'{(num_angles, num_bins)}'
            )
        if dims % num_heads:
            raise ConfigError(
                f"TransHuPREncoder.num_heads must divide the stem's {dims} output channels, found {num_heads}"
            )
        self.num_frames, self.num_views, self.input_size = num_frames, num_views, (num_angles, num_bins)
        self.stems = nn.ModuleList(stems)
        self.merges = nn.ModuleList(FrameMerge(dims, num_frames, frame_merge) for _ in range(num_views))
        cells = (num_angles // reduction) * (num_bins // reduction)
        self.position = nn.Parameter(0.02 * torch.randn(num_views, cells, dims))
        sizes = (dims, num_heads, feedforward_ratio, dropout)
        self.encoders = nn.ModuleList(
            nn.Sequential(*(TransformerEncoderLayer(*sizes) for _ in range(num_layers))) for _ in range(num_views)
        )
        self.fusions = nn.ModuleList(CrossViewFusion(*sizes) for _ in range(num_fusion_layers))
        self.norm = nn.LayerNorm(dims)

    def view_tokens(
        self, inputs: Float[Tensor, 'batch frames channels angle doppler range'], view: int
    ) -> Float[Tensor, 'batch cells dims']:
        """Return one view's tokens before the fusion, one for each cell of its merged map."""
        maps = self.merges[view](self.stems[view](inputs))
        return self.encoders[view](maps.flatten(2).transpose(1, 2) + self.position[view])

    def forward(
        self, inputs: Float[Tensor, 'batch frames views channels angle doppler range']
    ) -> tuple[Float[Tensor, 'batch length dims']]:
        """Return the tokens of both views, the horizontal radar's first."""
        check_window('TransHuPREncoder', inputs, self.num_frames, self.num_views, self.input_size)
        hori, vert = (self.view_tokens(inputs[:, :, view], view) for view in range(self.num_views))
        for fuse in self.fusions:
            hori, vert = fuse(hori, vert)
        return (self.norm(torch.cat((hori, vert), dim=1)),)
