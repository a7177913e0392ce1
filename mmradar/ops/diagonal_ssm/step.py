"""The diagonal SSM of a stream, one frame at a time."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float, Shaped
from torch import Tensor

from mmradar.ops.diagonal_ssm.checks import check_ssm
from mmradar.ops.diagonal_ssm.discretisation import DiscreteSSM, discretise
from mmradar.ops.precision import computing_type


def readout(C: Complex[Tensor, 'dim state']) -> Float[Tensor, 'dim state two']:
    """Return ``C`` as the weights of :func:`advance`: ``2 Re(C h) = sum(readout * (Re h, Im h))``."""
    return 2 * torch.stack([C.real, -C.imag], dim=-1)


def advance(
    state: Shaped[Tensor, '*batch dim state'],  # complex, also complex32, which jaxtyping does not know
    u: Float[Tensor, '*batch dim'],
    frame: DiscreteSSM,
    weights: Float[Tensor, 'dim state two'],
    D: Float[Tensor, 'dim'] | None = None,
) -> Float[Tensor, '*batch dim']:
    """Compute :func:`diagonal_ssm_step` without checks, from parameters that are already discretised.

    Args:
        state: State before the frame; changed in place to the state after it.
        u: The frame. This and all other tensors have the state's precision.
        frame: Result of :func:`~mmradar.ops.diagonal_ssm.discretise`, in the state's type.
        weights: Result of :func:`readout`.
        D: Direct feed-through of each channel.
    """
    state.add_(state * frame.decay_minus_one)
    numbers = torch.view_as_real(state)
    numbers.addcmul_(torch.view_as_real(frame.drive), u[..., None, None])
    y = (numbers * weights).sum((-2, -1))
    return y if D is None else torch.addcmul(y, D, u)


def diagonal_ssm_step(
    state: Shaped[Tensor, 'batch *others dim state'],  # complex, also complex32, which jaxtyping does not know
    u: Float[Tensor, 'batch *others dim'],
    delta: Float[Tensor, 'dim'],
    A: Complex[Tensor, 'dim state'],
    C: Complex[Tensor, 'dim state'],
    D: Float[Tensor, 'dim'] | None = None,
    delta_scale: float | Float[Tensor, 'batch'] = 1.0,
) -> Float[Tensor, 'batch *others dim']:
    """Return the output of :func:`~mmradar.ops.diagonal_ssm.diagonal_ssm` for the next frame, given the last state.

    A stream begins with a state of zeros. Time and memory of a frame do not depend on how many came before.

    Args:
        state: State before the frame, complex; changed in place to the state after it. It is rounded to its type only
            when it is stored: everything is computed in the wider type of state and frame, single precision at least.
        u: The frame.
        delta: Step size of each channel at the training frame rate, positive.
        A: Diagonal of the state matrix, one of each conjugate pair; not 0.
        C: Output matrix with the input matrix absorbed.
        D: Direct feed-through of each channel.
        delta_scale: Time since the previous frame, divided by the training period; one number, or one for each
            sequence.

    Returns:
        y of this frame, in the type of ``u``.

    Raises:
        ValueError: Shapes or devices do not fit, the state is not complex, or a scale is negative.
        TypeError: ``A`` or ``C`` is not complex, or another tensor is not of a floating type.
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
