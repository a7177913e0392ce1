"""Checks of the arguments of the causal convolution, over whole sequences and piece by piece."""

from __future__ import annotations

from torch import Tensor

from mmradar.ops.backends import check_channels, check_tensor

_ACTIVATIONS = (None, 'silu', 'swish')  # causal-conv1d has two names for one function


def check_conv(operator: str, x: Tensor, weight: Tensor, bias: Tensor | None, activation: str | None) -> None:
    """Raise unless the parameters fit the tokens ``x``, (batch, length, dim).

    Raises:
        ValueError: Shapes or devices do not fit, or the activation is unknown.
        TypeError: A tensor is not of a floating type.
    """
    if x.ndim != 3 or weight.ndim != 2 or weight.shape[1] == 0:
        squeeze = '; of an nn.Conv1d, pass weight.squeeze(1)' if weight.ndim == 3 and weight.shape[1] == 1 else ''
        raise ValueError(
            f'{operator} takes x as (batch, length, dim) and weight as (dim, width), found '
            f'{tuple(x.shape)} and {tuple(weight.shape)}{squeeze}'
        )
    if not (activation is None or isinstance(activation, str)) or activation not in _ACTIVATIONS:
        raise ValueError(
            f"{operator}: activation must be 'silu', its other name 'swish', or None, found {activation!r}"
        )
    check_tensor(operator, 'x', x, tuple(x.shape), x)
    check_channels(operator, 'x', x, 'weight', weight)
    check_tensor(operator, 'weight', weight, (x.shape[2], weight.shape[1]), x)
    if bias is not None:
        check_tensor(operator, 'bias', bias, (x.shape[2],), x)
