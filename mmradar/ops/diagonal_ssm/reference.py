"""The diagonal SSM, one frame after the other in complex128: the reference that the other forms are tested against."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor


def diagonal_ssm_reference(
    u: Float[Tensor, 'batch length *others dim'],
    delta: Float[Tensor, 'dim'],
    A: Complex[Tensor, 'dim state'],
    C: Complex[Tensor, 'dim state'],
    D: Float[Tensor, 'dim'] | None = None,
    delta_scale: float | Tensor = 1.0,
    reverse: bool = False,
) -> tuple[Float[Tensor, 'batch length *others dim'], Complex[Tensor, 'batch *others dim state']]:
    """Run the recurrence as it is written, one frame after the other.

    ``h_t = exp(delta_t A) h_{t-1} + (exp(delta_t A) - 1) / A u_t``, ``y_t = 2 Re(C h_t) + D u_t``.

    ``reverse`` goes from the last frame to the first: the step from t + 1 to t takes the time of t + 1; the last frame,
    which no frame follows, takes the time of the first.

    Returns:
        y in float64, and the state after the last frame processed.
    """
    batch, length = u.shape[:2]
    u, A, C, delta = u.double(), A.to(torch.complex128), C.to(torch.complex128), delta.double()
    scale = torch.as_tensor(delta_scale, dtype=torch.float64)
    scale = (scale if scale.ndim == 2 else scale.reshape(-1, 1)).expand(batch, length)
    state = u.new_zeros(batch, *u.shape[2:], A.shape[1], dtype=torch.complex128)
    outputs = [u.new_zeros(())] * length
    for t in reversed(range(length)) if reverse else range(length):
        elapsed = scale[:, (t + 1) % length] if reverse else scale[:, t]
        exponent = (elapsed[:, None] * delta)[..., None] * A  # batch, dim, state
        exponent = exponent.reshape(batch, *[1] * (u.ndim - 3), *A.shape)
        state = torch.exp(exponent) * state + (torch.exp(exponent) - 1) / A * u[:, t, ..., None]
        outputs[t] = 2 * (C * state).sum(-1).real
    y = torch.stack(outputs, dim=1)
    return (y if D is None else y + D.double() * u), state
