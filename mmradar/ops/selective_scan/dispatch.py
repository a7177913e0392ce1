"""Chooses a backend for the selective scan, and does what is the same for all of them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import silu, softplus

from mmradar.ops.selective_scan.cpu import scan_cpu
from mmradar.ops.selective_scan.cuda import mamba_ssm_missing, scan_mamba_ssm
from mmradar.ops.selective_scan.native_library import load_native_scan
from mmradar.ops.selective_scan.reference import scan_reference
from mmradar.ops.selective_scan.two_level import scan_two_level


def _either_way(scan: Callable) -> Callable:
    """A scan that knows one direction, given the other by turning the tokens round."""

    def directed(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, reverse: bool) -> tuple[Tensor, Tensor]:
        if not reverse:
            return scan(u, delta, A, B, C)
        u, delta, B, C = (x.flip(1) for x in (u, delta, B, C))
        y, last_state = scan(u, delta, A, B, C)
        return y.flip(1), last_state

    return directed


# name -> core scan of (u, delta, A, B, C, reverse), delta after its bias and softplus. A new backend is one line here
# and one in `available_backends`.
_BACKENDS = {
    'mamba_ssm': _either_way(scan_mamba_ssm),
    'cpu': scan_cpu,
    'torch': _either_way(scan_two_level),
    'reference': _either_way(scan_reference),
}


def available_backends(device: torch.device | str = 'cpu', dtype: torch.dtype = torch.float32) -> dict[str, str | None]:
    """Every backend, with the reason why it cannot run, or ``None`` if it can; the fastest first.

    Args:
        device: Where the tensors are.
        dtype: Of the tokens.
    """
    kind = torch.device(device).type
    on_cpu = (
        'needs CPU tensors' if kind != 'cpu' else 'has no float64' if dtype == torch.float64 else load_native_scan()[1]
    )
    return {
        'mamba_ssm': mamba_ssm_missing() if kind == 'cuda' else 'needs CUDA tensors',
        'cpu': on_cpu,
        'torch': None,
        'reference': None,
    }


@functools.cache
def _say_once(message: str) -> None:
    warnings.warn(message, stacklevel=4)


def _choose(backend: str, device: torch.device, dtype: torch.dtype) -> str:
    available = available_backends(device, dtype)
    if backend == 'auto':
        if device.type == 'cpu' and (reason := load_native_scan()[1]):
            _say_once(f'mmradar: the native selective scan cannot be built ({reason}); the slower torch form is used')
        return next(name for name, reason in available.items() if reason is None)
    if backend not in available:
        raise ValueError(f'unknown selective_scan backend {backend!r}; known are auto, {", ".join(available)}')
    if available[backend] is not None:
        raise RuntimeError(f'selective_scan backend {backend!r} cannot run here: {available[backend]}')
    return backend


def _check(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> None:
    if u.ndim != 3 or A.ndim != 2:
        raise ValueError(
            f'selective_scan takes u as (batch, length, dim) and A as (dim, state), found '
            f'{tuple(u.shape)} and {tuple(A.shape)}'
        )
    batch, length, dim = u.shape
    expected = {'delta': (delta, (batch, length, dim)), 'A': (A, (dim, A.shape[1]))}
    expected |= {name: (x, (batch, length, A.shape[1])) for name, x in (('B', B), ('C', C))}
    for name, (tensor, shape) in expected.items():
        if tuple(tensor.shape) != shape:
            raise ValueError(
                f'selective_scan: {name} must be {shape} for u {tuple(u.shape)} and A {tuple(A.shape)}, '
                f'found {tuple(tensor.shape)}'
            )
    if length == 0:
        raise ValueError('selective_scan: the sequence is empty')


def selective_scan(
    u: Float[Tensor, 'batch length dim'],
    delta: Float[Tensor, 'batch length dim'],
    A: Float[Tensor, 'dim state'],
    B: Float[Tensor, 'batch length state'],
    C: Float[Tensor, 'batch length state'],
    D: Float[Tensor, 'dim'] | None = None,
    z: Float[Tensor, 'batch length dim'] | None = None,
    delta_bias: Float[Tensor, 'dim'] | None = None,
    delta_softplus: bool = False,
    *,
    backend: str = 'auto',
    reverse: bool = False,
    return_last_state: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Selective state-space scan (Mamba, Gu and Dao, 2023; milliMamba, equation 2).

    ``h_t = exp(delta_t A) h_{t-1} + delta_t B_t u_t``, ``y_t = (C_t h_t + D u_t) silu(z_t)``. The order of arguments is
    that of mamba-ssm's ``selective_scan_fn``; tokens come before channels, (batch, length, dim), as layers make them.
    The state is float32 at least, whatever the inputs are.

    Args:
        u: Input tokens.
        delta: Step sizes; positive once bias and softplus are applied.
        A: State matrix, diagonal, negative.
        B: Input matrix of each token.
        C: Output matrix of each token.
        D: Direct feed-through of each channel.
        z: Gate, through SiLU.
        delta_bias: Added to ``delta``.
        delta_softplus: Apply softplus to ``delta`` (after the bias).
        backend: ``'auto'`` takes the fastest that can run here; see :func:`available_backends`.
        reverse: Scan from the last token to the first.
        return_last_state: Return the state behind the last token scanned too, (batch, dim, state).

    Returns:
        (batch, length, dim) in the type of ``u``; with ``return_last_state``, a pair.

    Raises:
        ValueError: Shapes that do not fit, or an unknown backend.
        RuntimeError: A backend that cannot run here.
    """
    _check(u, delta, A, B, C)
    if u.is_meta:  # shapes only, as the complexity analysis needs them
        last_state = u.new_empty(u.shape[0], u.shape[2], A.shape[1])
        return (torch.empty_like(u), last_state) if return_last_state else torch.empty_like(u)
    scan = _BACKENDS[_choose(backend, u.device, u.dtype)]
    dtype = torch.promote_types(u.dtype, torch.float32)
    # Autocast would hand the recurrence over to half precision.
    with torch.autocast(u.device.type, enabled=False):
        x, delta, A, B, C = (tensor.to(dtype) for tensor in (u, delta, A, B, C))
        if delta_bias is not None:
            delta = delta + delta_bias.to(dtype)
        if delta_softplus:
            delta = softplus(delta)
        y, last_state = scan(x, delta, A, B, C, reverse)
        if D is not None:
            y = torch.addcmul(y, x, D.to(dtype))
        if z is not None:
            y = y * silu(z.to(dtype))
    y = y.to(u.dtype)
    return (y, last_state) if return_last_state else y
