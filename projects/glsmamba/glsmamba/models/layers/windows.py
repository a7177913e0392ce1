"""Scan within non-overlapping space-time windows, which are expressed as an order of the tokens."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.functional import pad

from glsmamba.models.layers.per_size_cache import PerSizeCache
from glsmamba.models.layers.s6 import S6
from glsmamba.models.layers.scan_orders import ScanOrders, sum_in_place_of_tokens
from mmradar.errors import ConfigError


def window_order(
    frames: int, height: int, width: int, window: tuple[int, int] = (8, 6)
) -> tuple[Int[Tensor, 'tokens'], Bool[Tensor, 'tokens']]:
    """Return the order of the tokens window by window; in a window, frame by frame and row by row (our choice).

    Maps that are not a multiple of the window are padded at the bottom and on the right.

    Args:
        frames: Number of frames T; a window contains all of them.
        height: Rows of the map.
        width: Columns of the map.
        window: Rows and columns of a window.

    Returns:
        The order of the padded map's tokens, numbered ``(t * padded height + i) * padded width + j``, and the mask of
        the tokens that are padding.
    """
    rows, columns = -(-height // window[0]), -(-width // window[1])
    padded = (frames, rows * window[0], columns * window[1])
    token = torch.arange(frames * padded[1] * padded[2]).view(frames, rows, window[0], columns, window[1])
    padding = torch.ones(padded, dtype=torch.bool)
    padding[:, :height, :width] = False
    return token.permute(1, 3, 0, 2, 4).flatten(), padding.flatten()


class WSTS(BaseModule):
    """Windowed space-time scan: forwards and backwards within windows (GLSMamba, LRM).

    The state starts at zero in every window. Padding has step size 0: it neither enters nor changes the state, so that
    a window that is cut off at the edge is scanned as a smaller window.

    Args:
        embed_dims: Width D.
        window: Rows and columns of a window, which contains all frames; 8 x 6 in the paper.
        s6_cfg: ``d_state``, ``dt_rank``, ``weights`` and ``backend`` of :class:`~glsmamba.models.layers.s6.S6`.

    Raises:
        ConfigError: If the window has no positive size.
    """

    def __init__(self, embed_dims: int, window: tuple[int, int] = (8, 6), s6_cfg: dict | None = None) -> None:
        super().__init__()
        if len(window) != 2 or min(window) < 1:
            raise ConfigError(f'WSTS: window must be (rows, columns), both positive; found {tuple(window)}')
        self.window = (window[0], window[1])
        self.s6 = S6(embed_dims, 2, **(s6_cfg or {}))
        self.orders = PerSizeCache(self._orders)

    def _orders(self, frames: int, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
        forwards, padding = window_order(frames, height, width, self.window)
        orders = ScanOrders.of(torch.stack([forwards, forwards.flip(0)]))
        return orders.order, orders.inverse, padding

    def forward(
        self, x: Float[Tensor, 'batch frames height width dims']
    ) -> Float[Tensor, 'batch frames height width dims']:
        """Return the sum of both scans."""
        frames, height, width = x.shape[1:4]
        order, inverse, padding = self.orders((frames, height, width), x.device)
        below, right = -height % self.window[0], -width % self.window[1]
        if below or right:
            x = pad(x, (0, 0, 0, right, 0, below))
        orders = ScanOrders(order, inverse)
        windows = order.shape[1] // (frames * self.window[0] * self.window[1])
        y = self.s6(x.flatten(1, 3), orders, windows, padding if below or right else None)
        return sum_in_place_of_tokens(y, orders).view_as(x)[:, :, :height, :width]
