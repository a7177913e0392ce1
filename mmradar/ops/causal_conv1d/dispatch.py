"""Choice of the implementation of the causal convolution, and the steps that all of them share."""

from __future__ import annotations

from typing import Literal, overload

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from mmradar.ops.backends import check_tensor, choose, native_missing
from mmradar.ops.causal_conv1d.checks import check_conv
from mmradar.ops.causal_conv1d.cpu import conv_cpu
from mmradar.ops.causal_conv1d.cuda import causal_conv1d_missing, conv_cuda
from mmradar.ops.causal_conv1d.shifted_sums import conv_shifted_sums

# name -> convolution of (x, weight, bias, with_silu, reverse); the fastest first
_BACKENDS = {'causal_conv1d': conv_cuda, 'cpu': conv_cpu, 'torch': conv_shifted_sums}
_WIDEST_NATIVE = 8  # MAX_WIDTH of causal_conv1d.h


def conv_backends(
    device: torch.device | str = 'cpu', dtype: torch.dtype = torch.float32, width: int = 4
) -> dict[str, str | None]:
    """Return every backend, fastest first, with the reason why it cannot run, or ``None`` if it can.

    Args:
        device: Device of the tokens.
        dtype: Type of the tokens.
        width: Taps of the kernel.
    """
    device = torch.device(device)
    too_wide = f'has up to {_WIDEST_NATIVE} taps' if width > _WIDEST_NATIVE else None
    return {
        'causal_conv1d': causal_conv1d_missing(dtype, width) if device.type == 'cuda' else 'needs CUDA tensors',
        'cpu': native_missing(device, dtype) or too_wide,
        'torch': None,
    }


def _last_tokens(tokens: Tensor, count: int, reverse: bool) -> Tensor:
    """Return the last ``count`` tokens in the order of the convolution, with zeros before them if there are fewer."""
    length = tokens.shape[1]
    missing = max(0, count - length)
    last = tokens[:, : count - missing] if reverse else tokens[:, length - count + missing :]
    return pad(last, (0, 0, 0, missing) if reverse else (0, 0, missing, 0)) if missing else last.clone()


@overload
def causal_conv1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    activation: str | None = None,
    *,
    initial_states: Tensor | None = None,
    return_final_states: Literal[False] = False,
    reverse: bool = False,
    backend: str = 'auto',
) -> Tensor: ...
@overload
def causal_conv1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    activation: str | None = None,
    *,
    initial_states: Tensor | None = None,
    return_final_states: Literal[True],
    reverse: bool = False,
    backend: str = 'auto',
) -> tuple[Tensor, Tensor]: ...
def causal_conv1d(
    x: Float[Tensor, 'batch length dim'],
    weight: Float[Tensor, 'dim width'],
    bias: Float[Tensor, 'dim'] | None = None,
    activation: str | None = None,
    *,
    initial_states: Float[Tensor, 'batch before dim'] | None = None,
    return_final_states: bool = False,
    reverse: bool = False,
    backend: str = 'auto',
) -> Tensor | tuple[Tensor, Tensor]:
    """Sum each token of a channel and the ``width - 1`` before it with weights (Mamba, Gu and Dao, 2023, figure 3).

    Tokens come before channels, (batch, length, dim), also in the states. causal-conv1d takes both the other way round;
    convert such tensors with ``transpose(1, 2)``. Where length and dim are equal, shapes cannot tell the two apart.

    A sequence may come in pieces: each piece takes the final states of the previous one as its initial states.

    Args:
        x: Tokens. A piece may have any number of them, or none.
        weight: Weights of the taps; the last column belongs to the token itself.
        bias: Added to every token.
        activation: ``'silu'``, also known as ``'swish'``, or ``None``.
        initial_states: The ``width - 1`` tokens before the first one; zeros if not given.
        return_final_states: Also return the last ``width - 1`` tokens, which are the initial states of the next piece.
        reverse: Sum over the tokens after each token instead of those before it. The initial states then follow the
            last token, and the final states are the first tokens, both in the order of ``x``.
        backend: ``'causal_conv1d'`` (that package's CUDA kernel, if it is installed), ``'cpu'``, ``'torch'``, or
            ``'auto'`` for the first of these that can run.

    Returns:
        Tokens, (batch, length, dim), in the type of ``x``; with ``return_final_states``, the pair of these and the
        final states, (batch, width - 1, dim), in the wider type of ``x`` and ``initial_states``. Gradients flow through
        the initial and the final states.

    Raises:
        ValueError: Shapes or devices do not fit, or the activation or backend is unknown.
        TypeError: A tensor is not of a floating type.
        RuntimeError: The backend cannot run here.
    """
    operator = 'causal_conv1d'
    check_conv(operator, x, weight, bias, activation)
    (batch, length, dim), width = x.shape, weight.shape[1]
    tokens = x
    if initial_states is not None:
        check_tensor(operator, 'initial_states', initial_states, (batch, width - 1, dim), x)
        tokens = torch.cat((x, initial_states) if reverse else (initial_states, x), dim=1)
    if x.is_meta:  # shapes only, as the complexity analysis needs them
        y = torch.empty_like(x)
    else:
        available = conv_backends(x.device, tokens.dtype, width)
        chosen = choose(operator, backend, available, x.device)
        run = _BACKENDS[chosen if tokens.numel() else 'torch']  # the kernels take no empty tensors
        y = run(tokens, weight, bias, activation is not None, reverse).to(x.dtype)
        if initial_states is not None:
            y = y[:, :length] if reverse else y[:, width - 1 :]
    return (y, _last_tokens(tokens, width - 1, reverse)) if return_final_states else y
