"""The diagonal SSM when every frame has its own elapsed time: no convolution, but still linear in the length."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mmradar.ops.diagonal_ssm.convolution import real_product
from mmradar.ops.diagonal_ssm.discretisation import complex_expm1, scaled_delta, to_complex128

MAX_CHUNK_LENGTH = 32
# Inside a chunk, exp(A (t - s)) is split into exp(A (t - m)) exp(A (m - s)) with m in its middle. The exponents reach
# at most half this number, far from float32's limit of 88.
MAX_DECAY = 80.0


def scan_frames(
    u: Float[Tensor, 'batch length *others dim'],
    delta: Float[Tensor, 'dim'],
    A: Complex[Tensor, 'dim state'],
    C: Complex[Tensor, 'dim state'],
    delta_scale: Float[Tensor, 'batch length'],
) -> Float[Tensor, 'batch length *others dim']:
    """Run a recurrence from chunk to chunk, with a dense matrix of the actual elapsed times inside each chunk.

    Chunks are as long as the fastest decay allows (``MAX_DECAY``), in the worst case one frame, which makes this a
    plain loop. Time and memory are linear in the length. The exponentials are computed for each batch element, not for
    ``others``: joints share their timestamps.
    """
    batch, length, *others, dim = u.shape
    chunk = _chunk_length(delta, A, delta_scale)
    count = -(-length // chunk)
    padding = count * chunk - length
    if padding:  # frames in which no time passes do not change the state
        u = torch.cat([u, u.new_zeros(batch, padding, *others, dim)], dim=1)
        delta_scale = torch.cat([delta_scale, delta_scale.new_zeros(batch, padding)], dim=1)
    frames = u.reshape(batch, count, chunk, -1, dim).permute(1, 0, 4, 2, 3)  # count, batch, dim, chunk, others
    scales = delta_scale.double().reshape(batch, count, chunk).transpose(0, 1)
    A, C = to_complex128(A), to_complex128(C)
    future = torch.ones(chunk, chunk, dtype=torch.bool, device=u.device).triu(1)
    complex_type = torch.complex128 if u.dtype == torch.float64 else torch.complex64
    state = u.new_zeros(batch, dim, A.shape[1], frames.shape[-1], dtype=complex_type)
    outputs = []
    for x, scale in zip(frames, scales):
        elapsed = scale.cumsum(-1)
        drive = complex_expm1(scaled_delta(delta, scale)[..., None] * A) / A  # batch, chunk, dim, state
        exponent = delta.double()[:, None] * A

        def powers(times: Tensor, exponent: Tensor = exponent) -> Tensor:
            return torch.exp(times[..., None, None] * exponent)

        middle = elapsed[:, chunk // 2, None]
        emit = (2 * C * powers(elapsed - middle)).to(complex_type).transpose(1, 2)  # batch, dim, chunk, state
        collect = (drive * powers(middle - elapsed)).to(complex_type).permute(0, 2, 3, 1)  # batch, dim, state, chunk
        inside = real_product(emit, collect).masked_fill(future, 0)
        # The state is moved to the middle of the chunk, where the exponents of `emit` start.
        half = powers(middle).to(complex_type).transpose(1, 2).transpose(2, 3)  # batch, dim, state, 1
        outputs.append(inside @ x + real_product(emit, half * state))
        end = elapsed[:, -1:]
        last = (drive * powers(end - elapsed)).to(complex_type).permute(0, 2, 3, 1)
        real, imag = (torch.cat([last.real, last.imag], dim=2) @ x).chunk(2, dim=2)
        state = powers(end).to(complex_type).transpose(1, 2).transpose(2, 3) * state + torch.complex(real, imag)
    y = torch.stack(outputs).permute(1, 0, 3, 4, 2)  # batch, count, chunk, others, dim
    return y.reshape(batch, count * chunk, *others, dim)[:, :length]


@torch.no_grad()
def _chunk_length(delta: Tensor, A: Tensor, delta_scale: Tensor) -> int:
    """Return the number of frames in a chunk.

    It is the longest power of two, up to ``MAX_CHUNK_LENGTH``, over which no state decays by more than ``MAX_DECAY``.
    """
    per_frame = (delta.double() * A.real.double().abs().amax(1)).max() * delta_scale.abs().max()
    longest = min(MAX_CHUNK_LENGTH, delta_scale.shape[1], int(MAX_DECAY / per_frame.clamp_min(1e-9)))
    return 1 << (max(longest, 1).bit_length() - 1)
