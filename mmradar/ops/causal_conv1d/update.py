"""The causal convolution of a stream, one or more tokens at a time."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from mmradar.ops.backends import check_channels, check_tensor
from mmradar.ops.causal_conv1d.checks import check_conv
from mmradar.ops.causal_conv1d.dispatch import causal_conv1d


def causal_conv1d_update(
    x: Float[Tensor, 'batch *length dim'],
    conv_state: Float[Tensor, 'batch kept dim'],
    weight: Float[Tensor, 'dim width'],
    bias: Float[Tensor, 'dim'] | None = None,
    activation: str | None = None,
    *,
    backend: str = 'auto',
) -> Float[Tensor, 'batch *length dim']:
    """Return the output of :func:`~mmradar.ops.causal_conv1d` for the next tokens, given the tokens before them.

    The arguments have the order of causal-conv1d's function of this name, whose state is (batch, dim, kept). A stream
    begins with a state of zeros, or with the final states that a convolution returned.

    Args:
        x: One token, (batch, dim), or several, (batch, length, dim).
        conv_state: The last ``width - 1`` tokens or more, the newest last. Changed in place.
        weight: Weights of the taps; the last column belongs to the token itself.
        bias: Added to every token.
        activation: ``'silu'``, also known as ``'swish'``, or ``None``.
        backend: See :func:`~mmradar.ops.causal_conv1d`.

    Returns:
        Tokens in the shape and type of ``x``.

    Raises:
        ValueError: Shapes or devices do not fit, or the activation or backend is unknown.
        TypeError: A tensor is not of a floating type.
        RuntimeError: The backend cannot run here.
    """
    operator = 'causal_conv1d_update'
    tokens = x.unsqueeze(1) if x.ndim == 2 else x
    check_conv(operator, tokens, weight, bias, activation)
    (batch, length, dim), before = tokens.shape, weight.shape[1] - 1
    three_axes = isinstance(conv_state, Tensor) and conv_state.ndim == 3
    kept = conv_state.shape[1] if three_axes else before
    if three_axes:
        check_channels(operator, 'conv_state', conv_state, 'weight', weight)
    check_tensor(operator, 'conv_state', conv_state, (batch, max(kept, before), dim), x)
    first = conv_state[:, kept - before :]
    y = causal_conv1d(tokens, weight, bias, activation, initial_states=first, backend=backend)
    conv_state.copy_(torch.cat((conv_state, tokens), dim=1)[:, length:])
    return y.squeeze(1) if x.ndim == 2 else y
