"""Chooses an implementation of the causal convolution."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, empty_like

from mmradar.ops.backends import check_tensor, choose, native_missing
from mmradar.ops.causal_conv1d.cpu import conv_cpu
from mmradar.ops.causal_conv1d.shifted_sums import conv_shifted_sums

_BACKENDS = {'cpu': conv_cpu, 'torch': conv_shifted_sums}
_WIDEST_NATIVE = 8  # MAX_WIDTH of causal_conv1d.h


def causal_conv1d(
    x: Float[Tensor, 'batch length dim'],
    weight: Float[Tensor, 'dim width'],
    bias: Float[Tensor, 'dim'] | None = None,
    activation: str | None = None,
    *,
    reverse: bool = False,
    backend: str = 'auto',
) -> Float[Tensor, 'batch length dim']:
    """Each channel's weighted sum of a token and the ``width - 1`` before it (Mamba, Gu and Dao, 2023, figure 3).

    Args:
        x: Tokens.
        weight: The last column belongs to the token itself.
        bias: Added to every token.
        activation: ``'silu'``, or ``None``.
        reverse: The tokens after, in place of those before.
        backend: ``'cpu'``, ``'torch'``, or ``'auto'`` for the faster that can run.

    Returns:
        In the type of ``x``.

    Raises:
        ValueError: Shapes or devices that do not fit, or an unknown activation or backend.
        TypeError: Tensors that are not of floating types.
        RuntimeError: A backend that cannot run here.
    """
    operator = 'causal_conv1d'
    if x.ndim != 3 or weight.ndim != 2:
        raise ValueError(
            f'{operator} takes x as (batch, length, dim) and weight as (dim, width), found '
            f'{tuple(x.shape)} and {tuple(weight.shape)}'
        )
    if activation not in (None, 'silu'):
        raise ValueError(f"{operator}: activation must be 'silu' or None, found {activation!r}")
    check_tensor(operator, 'x', x, tuple(x.shape), x)
    check_tensor(operator, 'weight', weight, (x.shape[2], weight.shape[1]), x)
    if bias is not None:
        check_tensor(operator, 'bias', bias, (x.shape[2],), x)
    if x.is_meta:  # shapes only, as the complexity analysis needs them
        return empty_like(x)
    too_wide = f'has up to {_WIDEST_NATIVE} taps' if weight.shape[1] > _WIDEST_NATIVE else None
    available = {'cpu': native_missing(x.device, x.dtype) or too_wide, 'torch': None}
    run = _BACKENDS[choose(operator, backend, available, x.device)]
    return run(x, weight, bias, activation == 'silu', reverse).to(x.dtype)
