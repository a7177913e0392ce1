"""Choice of the method that computes a diagonal SSM."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mmradar.ops.backends import check_channels
from mmradar.ops.diagonal_ssm.checks import check_ssm
from mmradar.ops.diagonal_ssm.convolution import chunk_operators, chunked_convolve, fft_convolve, ssm_kernel
from mmradar.ops.diagonal_ssm.reference import diagonal_ssm_reference
from mmradar.ops.diagonal_ssm.scan import scan_frames

METHODS = ('auto', 'fft', 'chunked', 'scan', 'reference')


def choose_method(method: str, delta_scale: float | Tensor) -> str:
    """Return the requested method, or for ``'auto'`` the fastest that takes such a scale.

    Raises:
        ValueError: The method is unknown or does not take such a scale.
    """
    if method not in METHODS:
        raise ValueError(f'unknown diagonal_ssm method {method!r}; known are {", ".join(METHODS)}')
    axes = delta_scale.ndim if isinstance(delta_scale, Tensor) else 0
    if method == 'auto':
        return ('chunked', 'fft', 'scan')[axes]
    if (method == 'chunked' and axes > 0) or (method == 'fft' and axes > 1):
        kind = 'one scale for all sequences' if method == 'chunked' else 'a steady frame rate'
        raise ValueError(f"diagonal_ssm: the {method} method needs {kind}; take 'auto' or 'scan'")
    return method


def reversed_scale(delta_scale: Float[Tensor, 'batch length']) -> Float[Tensor, 'batch length']:
    """Return elapsed times for the reversed sequence: the step from t + 1 to t takes as long as that from t to t + 1.

    No frame precedes the first one of either direction; both take the time that the caller gives the first frame.
    """
    return torch.cat([delta_scale[:, :1], delta_scale[:, 1:].flip(1)], dim=1)


def diagonal_ssm(
    u: Float[Tensor, 'batch length *others dim'],
    delta: Float[Tensor, 'dim'],
    A: Complex[Tensor, 'dim state'],
    C: Complex[Tensor, 'dim state'],
    D: Float[Tensor, 'dim'] | None = None,
    delta_scale: float | Tensor = 1.0,
    *,
    reverse: bool = False,
    method: str = 'auto',
) -> Float[Tensor, 'batch length *others dim']:
    """Apply a diagonal state-space model to whole sequences (S4D, Gu et al., 2022; HumMUSS, section on DSSM).

    ``h_t = A_bar_t h_{t-1} + B_bar_t u_t``, ``y_t = 2 Re(C h_t) + D u_t`` with the zero-order hold
    ``A_bar_t = exp(s_t delta A)``, ``B_bar_t = (A_bar_t - 1) / A``, where ``s_t`` is ``delta_scale``. Each channel has
    its own A, C and delta, which do not depend on the input. Exponents are computed in complex128.

    Channels come last. S4's code has (batch, dim, length); where length and dim are equal, shapes cannot tell the two
    apart.

    Args:
        u: Frames. Axes between length and dim are further sequences that share the scale of their batch element, such
            as the joints of a clip.
        delta: Step size of each channel at the training frame rate, positive.
        A: Diagonal of the state matrix, one of each conjugate pair; not 0, real part negative.
        C: Output matrix with the input matrix absorbed.
        D: Direct feed-through of each channel.
        delta_scale: Elapsed time divided by the training period: a number, (batch,) for a steady rate of each sequence,
            or (batch, length) for the time from the previous frame to each frame, in any rhythm.
        reverse: Go from the last frame to the first. With a scale for each frame, the step from t + 1 to t takes the
            time of t + 1; the last frame, which no frame follows, takes the time of the first.
        method: ``'fft'`` (steady rate; O(L log L) time), ``'chunked'`` (one scale for all; dense products in chunks),
            ``'scan'`` (any scale), ``'reference'`` (a loop in complex128), or ``'auto'``: chunked for one scale, fft
            for a scale for each sequence, scan for a scale for each frame. All take memory linear in the length.

    Returns:
        y in the type of ``u``. Half types are computed in float32.

    Raises:
        ValueError: Shapes or devices do not fit, a scale is negative, or the method does not take such a scale.
        TypeError: ``A`` or ``C`` is not complex, or another tensor is not of a floating type.
    """
    operator = 'diagonal_ssm'
    if u.ndim < 3 or u.numel() == 0:
        raise ValueError(f'{operator} takes u as (batch, length, ..., dim), not empty, found {tuple(u.shape)}')
    batch, length = u.shape[:2]
    check_channels(operator, 'u', u, 'A', A)
    check_ssm(operator, u, delta, A, C, D, delta_scale, [(), (batch,), (batch, length)])
    method = choose_method(method, delta_scale)
    if isinstance(delta_scale, Tensor) and delta_scale.ndim == 0:
        delta_scale = float(delta_scale)
    working = u if u.dtype in (torch.float32, torch.float64) else u.float()
    with torch.autocast(u.device.type, enabled=False):  # half precision is too coarse for the states
        if method == 'reference':
            return diagonal_ssm_reference(u, delta, A, C, D, delta_scale, reverse)[0].to(u.dtype)
        num_reversed = u.shape[-1] if reverse else 0
        if method == 'chunked':
            scale = float(delta_scale)  # choose_method has refused a scale for each sequence
            operators = chunk_operators(delta, A, C, D, length, scale, num_reversed, working.dtype)
            return chunked_convolve(working, operators, num_reversed).to(u.dtype)
        if method == 'fft':
            kernel = ssm_kernel(delta, A, C, length, delta_scale)
            y = fft_convolve(working, kernel, num_reversed)
        else:
            y = _scan(working, delta, A, C, delta_scale, reverse)
        return (y if D is None else y + D.to(y.dtype) * working).to(u.dtype)


def _scan(u: Tensor, delta: Tensor, A: Tensor, C: Tensor, delta_scale: float | Tensor, reverse: bool) -> Tensor:
    scale = torch.as_tensor(delta_scale, dtype=torch.float64, device=u.device)
    if scale.ndim < 2:
        scale = scale.reshape(-1, 1).expand(u.shape[:2])
    if not reverse:
        return scan_frames(u, delta, A, C, scale)
    return scan_frames(u.flip(1), delta, A, C, reversed_scale(scale)).flip(1)
