"""The selective scan, one token after the other: the reference that the other backends are tested against."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def scan_reference(
    u: Float[Tensor, 'batch length dim'],
    delta: Float[Tensor, 'batch length dim'],
    A: Float[Tensor, 'dim state'],
    B: Float[Tensor, 'batch length state'],
    C: Float[Tensor, 'batch length state'],
) -> tuple[Float[Tensor, 'batch length dim'], Float[Tensor, 'batch dim state']]:
    """Scan one token after the other, in the precision of the input.

    ``h_t = exp(delta_t A) h_{t-1} + delta_t B_t u_t``, ``y_t = C_t h_t``. This is algorithm 2 of Mamba (Gu and Dao,
    2023) with the zero-order hold of A and the Euler step of B that its code uses.

    Returns:
        y, and the state after the last token.
    """
    state = u.new_zeros(u.shape[0], u.shape[2], A.shape[1])
    outputs = []
    for t in range(u.shape[1]):
        decay = torch.exp(delta[:, t, :, None] * A)
        state = decay * state + (delta[:, t] * u[:, t])[..., None] * B[:, t, None, :]
        outputs.append((state * C[:, t, None, :]).sum(-1))
    return torch.stack(outputs, dim=1), state
