"""Mixer of milliMamba's encoder, whose tokens are the cells of the maps."""

from __future__ import annotations

from jaxtyping import Float, Int64
from mmengine.model import ModuleList
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.models.layers.zigzag import SCAN_ORDERS
from mmradar.registry import MODELS


@MODELS.register_module()
class SequenceMixer(ModuleList):
    """Stack of layers that reads all cells of all maps as one sequence.

    milliMamba, section "CVMamba encoder": the sequence runs over range first, then angle, view and frame, with every
    other angle row reversed; Vision Mamba layers read it from both ends.

    Args:
        embed_dims: Width of the tokens.
        num_frames: Frames T of a window.
        num_views: Radars V.
        map_size: (angle, range) cells of a map.
        num_layers: Number of layers. With 0, the tokens are the cells as the stems made them.
        layer: Configuration of a layer from tokens to tokens; ``embed_dims`` is filled in.
        scan_order: Order of a map's cells, ``'zigzag'`` or ``'raster'``.
        time_first: Let the layers read one cell in all frames, then the next cell; not in the paper. The tokens that
            ``forward`` returns are frame after frame nevertheless, as heads expect them.

    Raises:
        ConfigError: Another order.
    """

    order: Int64[Tensor, 'cells']

    def __init__(
        self,
        embed_dims: int,
        num_frames: int,
        num_views: int,
        map_size: tuple[int, int],
        num_layers: int = 4,
        layer: dict | None = None,
        scan_order: str = 'zigzag',
        time_first: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        if scan_order not in SCAN_ORDERS:
            raise ConfigError(f'SequenceMixer.scan_order must be one of {", ".join(SCAN_ORDERS)}, found {scan_order!r}')
        layer = layer or dict(type='VisionMambaLayer')
        super().__init__([MODELS.build({**layer, 'embed_dims': embed_dims}) for _ in range(num_layers)], init_cfg)
        self.num_frames, self.num_views, self.map_size = num_frames, num_views, tuple(map_size)
        self.time_first = time_first
        self.register_buffer('order', SCAN_ORDERS[scan_order](*map_size), persistent=False)

    def serialise(
        self, maps: Float[Tensor, 'batch views dims frames height width']
    ) -> Float[Tensor, 'batch length dims']:
        """Return all cells as the sequence that the layers read."""
        cells = maps.permute(0, 3, 1, 4, 5, 2).flatten(3, 4)  # batch, frames, views, cells, dims
        cells = cells.index_select(3, self.order)
        return (cells.permute(0, 2, 3, 1, 4) if self.time_first else cells).flatten(1, 3)

    def deserialise(
        self, tokens: Float[Tensor, 'batch length dims']
    ) -> Float[Tensor, 'batch views dims frames height width']:
        """Return the maps of a sequence; the inverse of :meth:`serialise`."""
        cells = self._cells(tokens).index_select(3, self.order.argsort())
        return cells.unflatten(3, self.map_size).permute(0, 2, 5, 1, 3, 4)

    def _cells(self, tokens: Float[Tensor, 'batch length dims']) -> Float[Tensor, 'batch frames views cells dims']:
        """Return the cells of a sequence by frame and view, still in the scan order."""
        if self.time_first:
            return tokens.unflatten(1, (self.num_views, -1, self.num_frames)).permute(0, 3, 1, 2, 4)
        return tokens.unflatten(1, (self.num_frames, self.num_views, -1))

    def forward(
        self, maps: Float[Tensor, 'batch views dims frames height width']
    ) -> Float[Tensor, 'batch length dims']:
        tokens = self.serialise(maps)
        for layer in self:
            tokens = layer(tokens)
        return self._cells(tokens).flatten(1, 3)
