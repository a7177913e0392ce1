"""Orders in which STS6D reads the tokens of a clip, and functions that reorder tokens and put them back."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mmradar.errors import ConfigError

# Pairs of scans of each setting; a larger set starts with the pairs of the smaller (rows of the paper's ablation)
DIRECTIONS = {
    'unified': ('unified',),
    'unified+spatial': ('unified', 'spatial'),
    'all': ('unified', 'spatial', 'temporal'),
}


class ScanOrders(NamedTuple):
    """Permutations of a sequence and their inverses.

    ``order[k, i]`` is the token that scan k reads at step i; ``inverse[k, order[k, i]] = i``.
    """

    order: Int[Tensor, 'scans tokens']
    inverse: Int[Tensor, 'scans tokens']

    @classmethod
    def of(cls, order: Int[Tensor, 'scans tokens']) -> ScanOrders:
        return cls(order, order.argsort(dim=1))


def pairs_of(directions: str) -> tuple[str, ...]:
    """Return the names of the pairs of scans that ``directions`` stands for.

    Raises:
        ConfigError: If ``directions`` is not one of ``DIRECTIONS``.
    """
    if directions not in DIRECTIONS:
        raise ConfigError(f'STS6D: directions must be one of {", ".join(DIRECTIONS)}; found {directions!r}')
    return DIRECTIONS[directions]


def scan_orders(
    frames: int, height: int, width: int, directions: str = 'all', bidirectional: bool = True
) -> Int[Tensor, 'scans tokens']:
    """Return the orders of STS6D (GLSMamba, 6D selective space-time scan), pair by pair.

    Token (t, i, j) has the number ``(t * height + i) * width + j``.

    ======== ======== ============================================================================================
    pair     scan     reads
    ======== ======== ============================================================================================
    unified  y1       frames side by side, the panorama row by row: t within a row i, so (i, t, j)
    unified  y4       frames one above the other, the panorama column by column: (j, t, i)
    spatial  y2       frame after frame, each row by row: (t, i, j)
    spatial  y5       frame after frame, each column by column: (t, j, i)
    temporal y3       pixel after pixel, each through all frames: (i, j, t)
    temporal y6       y3 from the last token to the first
    ======== ======== ============================================================================================

    From the paper: the panorama of all frames with its horizontal and vertical traversal; traversals within frames;
    traversals of a pixel over time; merging of the results in pairs. Our choices: which panorama goes with which
    traversal (the other two combinations would be y2 and y5 again, frame after frame), the order of frames and pixels,
    and ``bidirectional``.

    Args:
        frames: Number of frames T.
        height: Rows H of the feature map.
        width: Columns W of the feature map.
        directions: ``'unified'``, ``'unified+spatial'`` or ``'all'``.
        bidirectional: Run y4 and y5 from the last token to the first, so that each pair sees the tokens before and
            after a token (the paper calls the results of a pair bidirectional). If False, only y6 runs backwards.

    Returns:
        Two rows per pair, each a permutation of the T H W tokens.

    Raises:
        ConfigError: If ``directions`` is unknown or a size is not positive.
    """
    if min(frames, height, width) < 1:
        raise ConfigError(f'scan orders need positive sizes, found (T, H, W) = ({frames}, {height}, {width})')
    token = torch.arange(frames * height * width).view(frames, height, width)
    axes = {'unified': ((1, 0, 2), (2, 0, 1)), 'spatial': ((0, 1, 2), (0, 2, 1)), 'temporal': ((1, 2, 0), (1, 2, 0))}
    rows = []
    for pair in pairs_of(directions):
        first, second = (token.permute(*order).flatten() for order in axes[pair])
        rows += [first, second.flip(0) if bidirectional or pair == 'temporal' else second]
    return torch.stack(rows)


def _read(x: Tensor, order: Tensor) -> Tensor:
    return x.index_select(1, order.flatten()).unflatten(1, order.shape)


def _put_back(y: Tensor, inverse: Tensor) -> Tensor:
    # one gather per scan: the sum is computed while the tokens are in the cache
    result = y[:, 0].index_select(1, inverse[0])
    for k in range(1, len(inverse)):
        result += y[:, k].index_select(1, inverse[k])
    return result


class _Read(torch.autograd.Function):
    """Permutation whose gradients are gathered by its inverse; autograd would scatter them token by token."""

    @staticmethod
    def forward(ctx, x, order, inverse):
        ctx.save_for_backward(order, inverse)
        return _read(x, order)

    @staticmethod
    def backward(ctx, grad):
        order, inverse = ctx.saved_tensors
        return _PutBack.apply(grad, order, inverse), None, None


class _PutBack(torch.autograd.Function):
    """Adjoint of :class:`_Read`."""

    @staticmethod
    def forward(ctx, y, order, inverse):
        ctx.save_for_backward(order, inverse)
        return _put_back(y, inverse)

    @staticmethod
    def backward(ctx, grad):
        order, inverse = ctx.saved_tensors
        return _Read.apply(grad, order, inverse), None, None


def read_in_orders(
    x: Float[Tensor, 'batch tokens dims'], orders: ScanOrders
) -> Float[Tensor, 'batch scans tokens dims']:
    """Return the tokens in the order in which each scan reads them."""
    return _Read.apply(x, *orders)


def sum_in_place_of_tokens(
    y: Float[Tensor, 'batch scans tokens dims'], orders: ScanOrders
) -> Float[Tensor, 'batch tokens dims']:
    """Put the scans' outputs back into the order of the tokens and sum them over the scans."""
    return _PutBack.apply(y, *orders)
