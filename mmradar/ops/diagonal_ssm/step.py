"""One frame of a diagonal SSM at a time, for streams."""

from __future__ import annotations

from jaxtyping import Complex, Float
from torch import Tensor

from mmradar.ops.diagonal_ssm.checks import check_ssm
from mmradar.ops.diagonal_ssm.discretisation import DiscreteSSM, discretise


def advance(
    state: Complex[Tensor, '*batch dim state'],
    u: Float[Tensor, '*batch dim'],
    frame: DiscreteSSM,
    C: Complex[Tensor, 'dim state'],
    D: Float[Tensor, 'dim'] | None = None,
) -> Float[Tensor, '*batch dim']:
    """:func:`diagonal_ssm_step` without checks and with the discretisation already made, in the state's precision.

    Args:
        state: Changed in place.
        u: The frame.
        frame: Of :func:`~mmradar.ops.diagonal_ssm.discretise`.
        C: Output matrix, of the state's type.
        D: Direct feed-through.
    """
    state.addcmul_(state.clone(), frame.decay_minus_one.to(state.dtype))
    state.addcmul_(frame.drive.to(state.dtype), u[..., None].to(state.dtype))
    y = 2 * (state.real * C.real - state.imag * C.imag).sum(-1)
    return y if D is None else y + D * u


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
        state: Changed in place to the state behind this frame; complex64 or complex128.
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
    real_type = state.real.dtype
    D = None if D is None else D.to(real_type)
    return advance(state, u.to(real_type), frame, C.to(state.dtype), D).to(u.dtype)
