"""The selective scan of a stream, one token at a time."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import silu, softplus

from mmradar.ops.backends import check_tensor
from mmradar.ops.precision import computing_type


def selective_state_update(
    state: Float[Tensor, 'batch dim state'],
    x: Float[Tensor, 'batch dim'],
    dt: Float[Tensor, 'batch dim'],
    A: Float[Tensor, 'dim state'],
    B: Float[Tensor, 'batch state'],
    C: Float[Tensor, 'batch state'],
    D: Float[Tensor, 'dim'] | None = None,
    z: Float[Tensor, 'batch dim'] | None = None,
    dt_bias: Float[Tensor, 'dim'] | None = None,
    dt_softplus: bool = False,
) -> Float[Tensor, 'batch dim']:
    """Return the output of :func:`~mmradar.ops.selective_scan` for the next token, given the state before it.

    The arguments have the order of mamba-ssm's function of this name. A stream begins with a state of zeros, or with
    the last state that a scan returned. As in mamba-ssm, the state may be kept in half precision: it is rounded to its
    type only when it is stored. Everything is computed in the widest type of all tensors, float32 at least.

    Args:
        state: State before the token; changed in place to the state after it.
        x: Token, ``u`` of the scan.
        dt: Step sizes of the token, ``delta`` of the scan.
        A: State matrix, diagonal, negative.
        B: Input matrix of the token.
        C: Output matrix of the token.
        D: Direct feed-through of each channel.
        z: Gate, through SiLU.
        dt_bias: Added to ``dt``.
        dt_softplus: Apply softplus to ``dt`` (after the bias).

    Returns:
        y of this token, in the type of ``x``.

    Raises:
        ValueError: Shapes or devices do not fit.
        TypeError: A tensor is not of a floating type.
    """
    operator = 'selective_state_update'
    if state.ndim != 3:
        raise ValueError(f'{operator}: state must be (batch, dim, state), found {tuple(state.shape)}')
    batch, dim, n = state.shape
    shapes = dict(x=(batch, dim), dt=(batch, dim), A=(dim, n), B=(batch, n), C=(batch, n))
    shapes |= dict(D=(dim,), z=(batch, dim), dt_bias=(dim,))
    tensors = dict(x=x, dt=dt, A=A, B=B, C=C, D=D, z=z, dt_bias=dt_bias)
    check_tensor(operator, 'state', state, tuple(state.shape), state)
    for name, tensor in tensors.items():
        if tensor is not None:
            check_tensor(operator, name, tensor, shapes[name], state)
    dtype = computing_type(state, *tensors.values())
    h, u, dt, A, B, C = (tensor.to(dtype) for tensor in (state, x, dt, A, B, C))
    if dt_bias is not None:
        dt = dt + dt_bias.to(dtype)
    if dt_softplus:
        dt = softplus(dt)
    h.mul_(torch.exp(dt[..., None] * A)).add_((dt * u)[..., None] * B[:, None])
    if state.dtype != dtype:  # h is the state itself otherwise
        state.copy_(h)
    y = (h * C[:, None]).sum(-1)
    if D is not None:
        y = y + D.to(dtype) * u
    if z is not None:
        y = y * silu(z.to(dtype))
    return y.to(x.dtype)
