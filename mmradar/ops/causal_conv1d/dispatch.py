"""Chooses an implementation of the causal convolution, and does what is the same for all of them."""

from __future__ import annotations

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
    """Every backend, with the reason why it cannot run, or ``None`` if it can; the fastest first.

    Args:
        device: Where the tokens are.
        dtype: Of the tokens.
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
    """The last tokens in the order of the convolution, zeros in front of them where there are fewer."""
    length = tokens.shape[1]
    missing = max(0, count - length)
    last = tokens[:, : count - missing] if reverse else tokens[:, length - count + missing :]
    return pad(last, (0, 0, 0, missing) if reverse else (0, 0, missing, 0)) if missing else last.clone()


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
    """Each channel's weighted sum of a token and the ``width - 1`` before it (Mamba, Gu and Dao, 2023, figure 3).

    Tokens come before channels, (batch, length, dim), the states too; causal-conv1d has both the other way round. Where
    length and dim are equal, shapes cannot tell: turn its tensors with ``transpose(1, 2)``.

    A sequence may come in pieces: each takes the final states of the one before as its initial states.

    Args:
        x: Tokens, of a piece any number, none too.
        weight: The last column belongs to the token itself.
        bias: Added to every token.
        activation: ``'silu'``, also known as ``'swish'``, or ``None``.
        initial_states: The ``width - 1`` tokens before the first one; zeros if not given.
        return_final_states: Return the last ``width - 1`` tokens too, what the next piece begins with.
        reverse: The tokens after, in place of those before: the initial states lie behind the last token, the final
            ones are the first tokens, both in the order of ``x``.
        backend: ``'causal_conv1d'`` (that package's CUDA kernel, where it is installed), ``'cpu'``, ``'torch'``, or
            ``'auto'`` for the first of them that can run.

    Returns:
        (batch, length, dim) in the type of ``x``; with ``return_final_states``, a pair with (batch, width - 1, dim) in
        the wider type of ``x`` and ``initial_states``. Gradients reach and leave all states.

    Raises:
        ValueError: Shapes or devices that do not fit, or an unknown activation or backend.
        TypeError: Tensors that are not of floating types.
        RuntimeError: A backend that cannot run here.
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
        run = _BACKENDS[chosen if tokens.numel() else 'torch']  # the kernels want something to do
        y = run(tokens, weight, bias, activation is not None, reverse).to(x.dtype)
        if initial_states is not None:
            y = y[:, :length] if reverse else y[:, width - 1 :]
    return (y, _last_tokens(tokens, width - 1, reverse)) if return_final_states else y
