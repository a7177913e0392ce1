"""Choice of the backend of the selective scan, and the steps that all backends share."""

from __future__ import annotations

from typing import Literal, overload

import torch
from jaxtyping import Float
from torch import Tensor

from mmradar.ops.backends import check_channels, check_tensor, choose, native_missing
from mmradar.ops.precision import computing_type
from mmradar.ops.selective_scan.cpu import scan_cpu
from mmradar.ops.selective_scan.fused_triton import interpreting, scan_triton, triton_missing
from mmradar.ops.selective_scan.mamba_ssm import mamba_ssm_missing, scan_mamba_ssm
from mmradar.ops.selective_scan.recurrence_wrapper import wrap_recurrence
from mmradar.ops.selective_scan.reference import scan_reference
from mmradar.ops.selective_scan.two_level import scan_two_level

# name -> scan of (u, delta, A, B, C, D, z, delta_bias, delta_softplus, reverse), which returns y and the last state. A
# new backend needs a line here, a place in `_FASTEST_FIRST` and a line in `available_backends`.
_BACKENDS = {
    'mamba_ssm': scan_mamba_ssm,
    'triton': scan_triton,
    'cpu': scan_cpu,
    'torch': wrap_recurrence(scan_two_level),
    'reference': wrap_recurrence(scan_reference),
}


_FASTEST_FIRST = {
    'cuda': ('mamba_ssm', 'triton', 'torch', 'reference', 'cpu'),
    # Triton's interpreter, which is for tests, comes after all that can run
    'cpu': ('cpu', 'torch', 'reference', 'triton', 'mamba_ssm'),
}


def _triton_missing(device: torch.device, dtype: torch.dtype) -> str | None:
    if device.type != 'cuda' and not interpreting():
        return 'needs CUDA tensors'
    if dtype == torch.float64:
        return 'has no float64'
    return triton_missing()


def available_backends(device: torch.device | str = 'cpu', dtype: torch.dtype = torch.float32) -> dict[str, str | None]:
    """Return every backend, fastest first, with the reason why it cannot run, or ``None`` if it can.

    Args:
        device: Device of the tensors.
        dtype: Type of the tokens.
    """
    device = torch.device(device)
    on_gpu = device.type == 'cuda'
    reasons = {
        'mamba_ssm': mamba_ssm_missing(dtype) if on_gpu else 'needs CUDA tensors',
        'triton': _triton_missing(device, dtype),
        'cpu': native_missing(device, dtype),
        'torch': None,
        'reference': None,
    }
    return {name: reasons[name] for name in _FASTEST_FIRST['cuda' if on_gpu else 'cpu']}


def _check(u: Tensor, A: Tensor, **others: Tensor | None) -> None:
    operator = 'selective_scan'
    if u.ndim != 3 or A.ndim != 2:
        raise ValueError(
            f'{operator} takes u as (batch, length, dim) and A as (dim, state), found '
            f'{tuple(u.shape)} and {tuple(A.shape)}'
        )
    check_channels(operator, 'u', u, 'A', A)
    (batch, length, dim), state = u.shape, A.shape[1]
    tokens, matrix, row = (batch, length, dim), (batch, length, state), (dim,)
    shapes = dict(delta=tokens, B=matrix, C=matrix, D=row, z=tokens, delta_bias=row)
    expected = [('u', u, tokens), ('A', A, (dim, state)), *((name, x, shapes[name]) for name, x in others.items())]
    for name, tensor, shape in expected:
        if tensor is not None:
            check_tensor(operator, name, tensor, shape, u)
    if u.numel() == 0 or state == 0:
        raise ValueError(f'{operator}: nothing to scan: u is {tuple(u.shape)}, A is {tuple(A.shape)}')


@overload
def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    *,
    backend: str = 'auto',
    reverse: bool = False,
    return_last_state: Literal[False] = False,
) -> Tensor: ...
@overload
def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    *,
    backend: str = 'auto',
    reverse: bool = False,
    return_last_state: Literal[True],
) -> tuple[Tensor, Tensor]: ...
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
    """Run a selective state-space scan (Mamba, Gu and Dao, 2023; milliMamba, equation 2).

    ``h_t = exp(delta_t A) h_{t-1} + delta_t B_t u_t``, ``y_t = (C_t h_t + D u_t) silu(z_t)``. The state has float32
    precision at least, whatever the types of the inputs.

    The arguments have the order of mamba-ssm's ``selective_scan_fn``, but tokens come before channels, as layers
    produce them: u, delta, z and y are (batch, length, dim), B and C (batch, length, state). mamba-ssm takes (batch,
    dim, length) and (batch, state, length); convert such tensors with ``transpose(1, 2)``. Where length, dim and state
    are equal, shapes cannot tell the two layouts apart, and no error is raised. Each token has its own B and C, which
    are real and have no groups.

    Args:
        u: Input tokens.
        delta: Step sizes; positive after bias and softplus.
        A: State matrix, diagonal, negative.
        B: Input matrix of each token.
        C: Output matrix of each token.
        D: Direct feed-through of each channel.
        z: Gate, through SiLU.
        delta_bias: Added to ``delta``.
        delta_softplus: Apply softplus to ``delta`` (after the bias).
        backend: Name from :func:`available_backends`, or ``'auto'`` for the fastest backend that can run here.
        reverse: Scan from the last token to the first.
        return_last_state: Also return the state after the last token scanned, (batch, dim, state).

    Returns:
        y, (batch, length, dim), in the type of ``u``; with ``return_last_state``, the pair of y and the last state.

    Raises:
        ValueError: Shapes or devices do not fit, or the backend is unknown.
        TypeError: A tensor is not of a floating type.
        RuntimeError: The backend cannot run here.
    """
    _check(u, A, delta=delta, B=B, C=C, D=D, z=z, delta_bias=delta_bias)
    if u.is_meta:  # shapes only, as the complexity analysis needs them
        last_state = u.new_empty(u.shape[0], u.shape[2], A.shape[1], dtype=computing_type(u))
        return (torch.empty_like(u), last_state) if return_last_state else torch.empty_like(u)
    scan = _BACKENDS[choose('selective_scan', backend, available_backends(u.device, u.dtype), u.device)]
    # Autocast would run the recurrence in half precision.
    with torch.autocast(u.device.type, enabled=False):
        y, last_state = scan(u, delta, A, B, C, D, z, delta_bias, delta_softplus, reverse)
    return (y, last_state) if return_last_state else y
