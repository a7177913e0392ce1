"""Selective space-time scan in six directions (STS6D)."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor

from glsmamba.models.layers.per_size_cache import PerSizeCache
from glsmamba.models.layers.s6 import S6
from glsmamba.models.layers.scan_orders import ScanOrders, pairs_of, scan_orders, sum_in_place_of_tokens


class STS6D(BaseModule):
    """Six scans over the tokens of a clip and the sum of each pair (GLSMamba, STS6D; first step of STMM).

    Args:
        embed_dims: Width D.
        directions: ``'all'``; ``'unified+spatial'`` or ``'unified'`` as in the paper's ablation.
        bidirectional: See :func:`~glsmamba.models.layers.scan_orders.scan_orders`.
        reset_state: Start every frame (spatial pair) and every pixel (temporal pair) with a state of zero. False by
            default, because the paper flattens the whole sequence to 1D; all scans are then one call of the operator,
            otherwise there is one call per pair.
        s6_cfg: ``d_state``, ``dt_rank``, ``weights`` and ``backend`` of :class:`~glsmamba.models.layers.s6.S6`.
    """

    def __init__(
        self,
        embed_dims: int,
        directions: str = 'all',
        bidirectional: bool = True,
        reset_state: bool = False,
        s6_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        self.directions, self.bidirectional, self.reset_state = directions, bidirectional, reset_state
        self.pairs = pairs_of(directions)
        self.s6 = S6(embed_dims, 2 * len(self.pairs), **(s6_cfg or {}))
        self.orders = PerSizeCache(self._orders)

    def _orders(self, frames: int, height: int, width: int) -> ScanOrders:
        return ScanOrders.of(scan_orders(frames, height, width, self.directions, self.bidirectional))

    def forward(self, x: Float[Tensor, 'batch frames height width dims']) -> dict[str, Tensor]:
        """Return the results by pair (``'unified'``, ``'spatial'``, ``'temporal'``), each of the shape of ``x``."""
        frames, height, width = x.shape[1:4]
        orders = ScanOrders(*self.orders((frames, height, width), x.device))
        segments = {'unified': 1, 'spatial': frames, 'temporal': height * width}
        cuts = [segments[pair] for pair in self.pairs] if self.reset_state else 1
        # unbound rather than sliced: the gradients of slices would each be as large as the whole
        by_pair = self.s6(x.flatten(1, 3), orders, cuts).unflatten(1, (len(self.pairs), 2)).unbind(1)
        results = {}
        for k, (pair, y) in enumerate(zip(self.pairs, by_pair)):
            of_pair = ScanOrders(*(rows[2 * k : 2 * k + 2] for rows in orders))
            results[pair] = sum_in_place_of_tokens(y, of_pair).view_as(x)
        return results
