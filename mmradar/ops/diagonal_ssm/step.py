"""One frame of a diagonal SSM at a time, for streams."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mmradar.ops.diagonal_ssm.checks import check_ssm
from mmradar.ops.diagonal_ssm.discretisation import DiscreteSSM, discretise
from mmradar.ops.precision import computing_type


def readout(C: Complex[Tensor, 'dim state']) -> Float[Tensor, 'dim state two']:
    """``C`` as :func:`advance` reads states with it: ``2 Re(C h) = sum(readout * (Re h, Im h))``."""
    return 2 * torch.stack([C.real, -C.imag], dim=-1)


def advance(
    state: Complex[Tensor, '*batch dim state'],
    u: Float[Tensor, '*batch dim'],
    frame: DiscreteSSM,
    weights: Float[Tensor, 'dim state two'],
    D: Float[Tensor, 'dim'] | None = None,
) -> Float[Tensor, '*batch dim']:
    """:func:`diagonal_ssm_step` without checks and with all that does not depend on the frame already made.

    Args:
        state: Changed in place.
        u: The frame, in the state's precision, as everything else.
        frame: Of :func:`~mmradar.ops.diagonal_ssm.discretise`, of the state's type.
        weights: Of :func:`readout`.
        D: Direct feed-through.
    """
    state.add_(state * frame.decay_minus_one)
    numbers = torch.view_as_real(state)
    numbers.addcmul_(torch.view_as_real(frame.drive), u[..., None, None])
    y = (numbers * weights).sum((-2, -1))
    return y if D is None else torch.addcmul(y, D, u)


def diagonal_ssm_step(
    state: Complex[Tensor, 'batch *others dim state'],
    u: Float[Tensor, 'batch *others dim'],
    delta: Float[Tensor, 'dim'],
    A: Complex[Tensor, 'dim state'],
    C: Complex[Tensor, 'dim state'],
    D: Float[Tensor, 'dim'] | None = None,
    delta_scale: float | Float[Tensor, 'batch'] = 1.0,
) -> Float[Tensor, 'batch *others dim']:
    """The next frame of :func:`~mmradar.ops.diagonal_ssm.diagonal_ssm`: what it would return, from the state before.

    A stream begins with a state of zeros. Time and memory of a frame do not depend on how many came before.

    Args:
        state: Changed in place to the state behind this frame; complex. It is rounded to its type only where it is
            stored: everything is computed in the wider type of state and frame, single precision at least.
        u: The frame.
        delta: Step size of each channel at the training frame rate, positive.
        A: Diagonal of the state matrix, one of each conjugate pair; not 0.
        C: Output matrix with the input matrix absorbed.
        D: Direct feed-through.
        delta_scale: Time since the frame before, over the training period.

    Returns:
        y of this frame, in the type of ``u``.

    Raises:
        ValueError: Shapes or devices that do not fit, or a negative scale.
        TypeError: Tensors of the wrong kind.
    """
    operator = 'diagonal_ssm_step'
    if state.ndim < 3 or not state.is_complex():
        raise ValueError(
            f'{operator}: state must be complex (batch, ..., dim, state), found {state.dtype} {tuple(state.shape)}'
        )
    if tuple(u.shape) != tuple(state.shape[:-1]):
        raise ValueError(f'{operator}: u must be {tuple(state.shape[:-1])} as the state, found {tuple(u.shape)}')
    scale_shapes = [(), (u.shape[0],)]
    check_ssm(operator, u, delta, A, C, D, delta_scale, scale_shapes)
    frame = discretise(delta, A, delta_scale)
    if isinstance(delta_scale, Tensor) and delta_scale.ndim:
        frame = DiscreteSSM(*(x.reshape(u.shape[0], *[1] * (u.ndim - 2), *A.shape) for x in frame))
    dtype = computing_type(state, u)
    h, C = state.to(dtype), C.to(dtype)
    frame = DiscreteSSM(*(x.to(dtype) for x in frame))
    D = None if D is None else D.to(h.real.dtype)
    y = advance(h, u.to(h.real.dtype), frame, readout(C), D)
    if state.dtype != dtype:  # h is the state itself otherwise
        state.copy_(h)
    return y.to(u.dtype)
