"""Checks of the arguments that all forms of the diagonal SSM share."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mmradar.ops.backends import check_tensor


def check_ssm(
    operator: str,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    C: Tensor,
    D: Tensor | None,
    delta_scale: float | Tensor,
    scale_shapes: list[tuple[int, ...]],
) -> None:
    """Raise unless the parameters fit the frames ``u`` and the scale is a number or has one of ``scale_shapes``.

    Raises:
        ValueError: Shapes or devices do not fit, or a scale is negative or not finite.
        TypeError: ``A`` or ``C`` is not complex, or another tensor is not of a floating type.
    """
    dim = u.shape[-1]
    check_tensor(operator, 'u', u, tuple(u.shape), u)
    if A.ndim != 2 or A.shape[0] != dim or A.shape[1] == 0:
        raise ValueError(f'{operator}: A must be ({dim}, states), found {tuple(A.shape)}')
    for name, tensor in (('A', A), ('C', C)):
        if not tensor.is_complex():
            raise TypeError(f'{operator}: {name} must be complex, one of each conjugate pair, found {tensor.dtype}')
        check_tensor(operator, name, tensor.real, tuple(A.shape), u)
    check_tensor(operator, 'delta', delta, (dim,), u)
    if D is not None:
        check_tensor(operator, 'D', D, (dim,), u)
    if not isinstance(delta_scale, Tensor):
        if not (math.isfinite(delta_scale) and delta_scale >= 0):
            raise ValueError(f'{operator}: delta_scale must be a finite time, not negative, found {delta_scale}')
        return
    if tuple(delta_scale.shape) not in scale_shapes:
        wanted = ' or '.join(map(str, scale_shapes))
        raise ValueError(f'{operator}: delta_scale must be a number or {wanted}, found {tuple(delta_scale.shape)}')
    check_tensor(operator, 'delta_scale', delta_scale, tuple(delta_scale.shape), u)
    if not bool(torch.isfinite(delta_scale).all() & (delta_scale >= 0).all()):
        raise ValueError(f'{operator}: delta_scale must be finite times, not negative')
