"""S6 block: projections to step sizes, input and output matrices, and selective scans in several orders."""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import linear

from glsmamba.models.layers.scan_orders import ScanOrders, read_in_orders
from mmradar.errors import ConfigError
from mmradar.models.layers.selective_ssm import SelectiveSSM, uniform_weight
from mmradar.ops import selective_scan

# its softplus is exactly 0 in every floating-point type that can represent it: such a token leaves the state unchanged
_NO_STEP = -1e4


def _project(x: Tensor, weight: Tensor) -> Tensor:
    """Multiply ``x`` by one matrix for all scans, or by one per scan (scans are then the second axis of ``x``)."""
    return linear(x, weight[0]) if len(weight) == 1 else x @ weight.mT


class S6(SelectiveSSM):
    """Selective scans of one set of tokens in several orders, all in one call of the operator (Mamba, algorithm 2).

    Orders are additional elements of the batch. With shared weights the projections of a token are the same in every
    order, so they are computed once and permuted with the token: more orders cost neither parameters nor projections,
    which agrees with the paper's table (its six scans without STMM have the size of two). A call of the operator takes
    one A, so separate weights still share A (our choice); all other weights exist once per order.

    Args:
        embed_dims: Width D of the tokens and of the scan; there is no expansion (our choice).
        num_scans: Number of orders.
        d_state: State size per channel; 16 in Mamba.
        dt_rank: Rank of the projection to the step sizes; D / 16 by default, as in Mamba.
        weights: ``'shared'`` by all orders, or ``'separate'``.
        backend: See :func:`mmradar.ops.selective_scan`.

    Raises:
        ConfigError: If ``weights`` is unknown.
    """

    def __init__(
        self,
        embed_dims: int,
        num_scans: int,
        d_state: int = 16,
        dt_rank: int | None = None,
        weights: str = 'shared',
        backend: str = 'auto',
    ) -> None:
        super().__init__()
        if weights not in ('shared', 'separate'):
            raise ConfigError(f"S6: weights must be 'shared' or 'separate', found {weights!r}")
        self.num_scans, self.backend = num_scans, backend
        sets = num_scans if weights == 'separate' else 1
        dt_rank = dt_rank or math.ceil(embed_dims / 16)
        self.splits = (dt_rank, d_state, d_state)

        self.x_weight = uniform_weight(sets, sum(self.splits), embed_dims)
        self.dt_weight = uniform_weight(sets, embed_dims, dt_rank)
        self.add_state_space(embed_dims, d_state, (sets,))

    def forward(
        self,
        x: Float[Tensor, 'batch tokens dims'],
        orders: ScanOrders,
        segments: int | list[int] = 1,
        padding: Bool[Tensor, 'tokens'] | None = None,
    ) -> Float[Tensor, 'batch scans tokens dims']:
        """Scan the tokens in every order.

        Args:
            x: Tokens.
            orders: ``num_scans`` permutations of them.
            segments: Number of equal parts into which an order is cut; the state starts at zero in each. One number for
                all orders, or one per pair of orders; if these differ, there is one call of the operator per pair.
            padding: Mask of tokens that must not enter the state.

        Returns:
            The scans' outputs, each in its own order.
        """
        (batch, tokens, dims), scans = x.shape, self.num_scans
        shared = len(self.x_weight) == 1
        if shared:  # projections act per token: compute them before the tokens are copied for every order
            dt, B, C = _project(x, self.x_weight).split(self.splits, dim=-1)
            of_tokens = torch.cat([x, _project(dt, self.dt_weight), B, C], dim=-1)
            u, delta, B, C = read_in_orders(of_tokens, orders).split((dims, dims, *self.splits[1:]), dim=-1)
        else:
            u = read_in_orders(x, orders)
            dt, B, C = _project(u, self.x_weight).split(self.splits, dim=-1)
            delta = _project(dt, self.dt_weight) + self.dt_bias[:, None]
        if padding is not None:
            delta = delta.masked_fill(padding[orders.order][..., None], _NO_STEP)
        A = self.A
        # separate weights differ between elements of the batch: D and the bias are applied outside the operator
        D, bias = (self.D[0], self.dt_bias[0]) if shared else (None, None)

        def scan(part: slice, cuts: int) -> Tensor:
            of_u, of_delta, of_B, of_C = (
                values[:, part].reshape(-1, tokens // cuts, values.shape[-1]) for values in (u, delta, B, C)
            )
            y = selective_scan(
                of_u, of_delta, A, of_B, of_C, D, delta_bias=bias, delta_softplus=True, backend=self.backend
            )
            return y.view(batch, -1, tokens, dims)

        cuts = [segments] * (scans // 2) if isinstance(segments, int) else segments
        if len(set(cuts)) == 1:
            y = scan(slice(None), cuts[0])
        else:
            y = torch.cat([scan(slice(2 * pair, 2 * pair + 2), cut) for pair, cut in enumerate(cuts)], dim=1)
        return y if shared else torch.addcmul(y, u, self.D[:, None])

    def uncounted_macs(self, x: Float[Tensor, 'batch tokens dims'], *_) -> dict[str, int]:
        """Count the multiply-accumulates of ``forward`` outside matrix products: three per state element of a token."""
        return {'selective scan': 3 * x.shape[:2].numel() * self.num_scans * self.A_log.numel()}
