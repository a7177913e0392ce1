"""Zero-order hold of a diagonal state-space model: from continuous time to frames."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Complex, Float
from torch import Tensor


class DiscreteSSM(NamedTuple):
    """Effect of a frame on the state: ``h_t = h_{t-1} + decay_minus_one h_{t-1} + drive u_t``.

    ``A_bar - 1`` is kept instead of ``A_bar``. Rounding ``A_bar``, which is nearly 1 for small steps, would shift phase
    and decay by 6e-8 in every frame, always in the same direction; rounding ``A_bar - 1`` shifts it by 6e-8 of its own
    small value.
    """

    decay_minus_one: Tensor
    drive: Tensor


def complex_expm1(z: Complex[Tensor, '*shape']) -> Complex[Tensor, '*shape']:
    """Compute ``exp(z) - 1`` without cancellation near 0, where the plain difference would keep no digits.

    The real part is ``e^x cos y - 1 = (e^x - 1) cos y - 2 sin^2(y / 2)``.
    """
    x, y = z.real, z.imag
    real = torch.expm1(x) * torch.cos(y) - 2 * torch.sin(y / 2).square()
    return torch.complex(real, torch.exp(x) * torch.sin(y))


def to_complex128(tensor: Tensor) -> Tensor:
    """Convert to complex128, in which all exponents are computed.

    Parameters are few, and phases are large (``pi n delta l`` for frame l).
    """
    return tensor.to(torch.complex128)


def scaled_delta(
    delta: Float[Tensor, 'dim'], delta_scale: float | Float[Tensor, '*times']
) -> Float[Tensor, '*times dim']:
    """Return step sizes in float64, times the elapsed time of each frame in units of the training period."""
    delta = delta.double()
    if isinstance(delta_scale, Tensor):
        return delta_scale.double()[..., None] * delta
    return delta * delta_scale


def discretise(
    delta: Float[Tensor, 'dim'],
    A: Complex[Tensor, 'dim state'],
    delta_scale: float | Float[Tensor, '*times'] = 1.0,
) -> DiscreteSSM:
    """Discretise by zero-order hold (HumMUSS, section on DSSM).

    ``A_bar = exp(delta A)`` and ``B_bar = (exp(delta A) - 1) / A``. The input matrix is 1: it is absorbed in C, since
    the two occur only as a product.

    Args:
        delta: Step size of each channel at the training frame rate, positive.
        A: Diagonal of the state matrix, one of each conjugate pair; not 0.
        delta_scale: Elapsed time divided by the training period; one number, or one for each batch element or frame.

    Returns:
        ``A_bar - 1`` and ``B_bar``, each (*times, dim, state), complex128.
    """
    A = to_complex128(A)
    decay_minus_one = complex_expm1(scaled_delta(delta, delta_scale)[..., None] * A)
    return DiscreteSSM(decay_minus_one, decay_minus_one / A)
