"""The diagonal SSM at a steady frame rate as a convolution, by FFT or in chunks of dense matrices."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn.functional import pad

from mmradar.ops.diagonal_ssm.discretisation import discretise, scaled_delta, to_complex128

# Frames in a chunk. Inside a chunk, each frame costs each channel `chunk` multiplications. The states between chunks
# take 4 N / chunk numbers of memory for each frame.
CHUNK_LENGTH = 64
SINGLE_CHUNK_LENGTH = 128  # up to here one dense matrix is the fastest


def ssm_kernel(
    delta: Float[Tensor, 'dim'],
    A: Complex[Tensor, 'dim state'],
    C: Complex[Tensor, 'dim state'],
    length: int,
    delta_scale: float | Float[Tensor, 'batch'] = 1.0,
) -> Float[Tensor, '*batch dim length']:
    """Compute the impulse response ``K_l = 2 Re(sum_n C_n B_bar_n A_bar_n^l)`` for the frames 0 ... length - 1.

    Frame ``l = c F + f`` has the power ``A_bar^(c F) A_bar^f``. So about ``2 sqrt(length)`` exponentials for each state
    suffice, and the sum over states is a matrix product.

    Args:
        delta: Step size of each channel, positive.
        A: Diagonal of the state matrix, one of each conjugate pair.
        C: Output matrix with the input matrix absorbed.
        length: Number of frames.
        delta_scale: Elapsed time of a frame divided by the training period; one number, or one for each sequence.

    Returns:
        The response in float64, (dim, length), or (batch, dim, length) if each sequence has its own scale.
    """
    fine_length = max(1, int(length**0.5))
    coarse_length = -(-length // fine_length)
    exponent = scaled_delta(delta, delta_scale)[..., None] * to_complex128(A)
    weights = to_complex128(C) * discretise(delta, A, delta_scale).drive
    steps = torch.arange(max(fine_length, coarse_length), device=A.device, dtype=torch.float64)
    coarse = weights[..., None] * torch.exp(exponent[..., None] * (steps[:coarse_length] * fine_length))
    fine = torch.exp(exponent[..., None] * steps[:fine_length])
    kernel = 2 * real_product(coarse.transpose(-1, -2), fine)
    return kernel.flatten(-2)[..., :length]


def real_product(a: Complex[Tensor, '*batch m n'], b: Complex[Tensor, '*batch n k']) -> Float[Tensor, '*batch m k']:
    """Compute ``Re(a @ b)`` as one real matrix product."""
    return torch.cat([a.real, -a.imag], dim=-1) @ torch.cat([b.real, b.imag], dim=-2)


def _fast_fft_length(minimum: int) -> int:
    """Return the smallest ``2^a 3^b 5^c`` that is not below ``minimum``."""
    best = 1 << (minimum - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            size = three << max(0, (-(-minimum // three) - 1).bit_length())
            best = min(best, size)
            three *= 3
        five *= 5
    return best


def fft_convolve(
    u: Float[Tensor, 'batch length *others dim'], kernel: Float[Tensor, '*batch dim length'], num_reversed: int = 0
) -> Float[Tensor, 'batch length *others dim']:
    """Convolve each channel causally with its kernel, in O(L log L) time and O(L) memory.

    Args:
        u: Frames; float32 or float64.
        kernel: Impulse response from :func:`ssm_kernel`; converted to the type of ``u`` before the Fourier transform.
        num_reversed: Number of channels, at the end, that are convolved from the last frame to the first.
    """
    length, dim = u.shape[1], u.shape[-1]
    size = _fast_fft_length(2 * length - 1)
    response = torch.fft.rfft(kernel.to(u.dtype), n=size)
    if num_reversed:  # reversing the response in time conjugates its Fourier transform
        causal, reversed_ = response.split([dim - num_reversed, num_reversed], dim=-2)
        response = torch.cat([causal, reversed_.conj()], dim=-2)
    response = response.transpose(-1, -2)
    # (frequency, 1..., dim), after the batch axis if there is one
    response = response.reshape(*response.shape[:-1], *[1] * (u.ndim - 3), dim)
    return torch.fft.irfft(torch.fft.rfft(u, n=size, dim=1) * response, n=size, dim=1)[:, :length]


class ChunkOperators(NamedTuple):
    """Matrices of :func:`chunked_convolve`; the real parts of all states come first, then the imaginary parts.

    All but ``inside`` are ``None`` if a single chunk is the whole sequence.
    """

    inside: Float[Tensor, 'dim chunk chunk']  # inputs of a chunk -> outputs of the same chunk
    collect: Float[Tensor, 'dim two_states chunk'] | None  # inputs of a chunk -> their part of the state after it
    emit: Float[Tensor, 'dim chunk two_states'] | None  # state before a chunk -> its part of the outputs
    decay: Complex[Tensor, 'dim state 1'] | None  # of a state over a whole chunk


def chunk_operators(
    delta: Float[Tensor, 'dim'],
    A: Complex[Tensor, 'dim state'],
    C: Complex[Tensor, 'dim state'],
    D: Float[Tensor, 'dim'] | None,
    length: int,
    delta_scale: float = 1.0,
    num_reversed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> ChunkOperators:
    """Build the matrices for sequences of one length, computed in complex128.

    The last ``num_reversed`` channels run backwards: their matrices are the same with the time axes reversed.
    """
    chunk = length if length <= SINGLE_CHUNK_LENGTH else CHUNK_LENGTH
    kernel = ssm_kernel(delta, A, C, chunk, delta_scale)
    if D is not None:
        kernel = torch.cat([kernel[:, :1] + D.double()[:, None], kernel[:, 1:]], dim=1)
    # Row t, column s is K_(t - s), 0 above the diagonal: reversed windows of the kernel with zeros in front
    inside = pad(kernel.to(dtype), (chunk - 1, 0)).unfold(-1, chunk, 1).flip(-1)
    causal = A.shape[0] - num_reversed
    if num_reversed:
        inside = torch.cat([inside[:causal], inside[causal:].transpose(1, 2)])
    if chunk == length:
        return ChunkOperators(inside, None, None, None)
    exponent = scaled_delta(delta, delta_scale)[:, None] * to_complex128(A)
    powers = torch.exp(exponent[..., None] * torch.arange(chunk + 1, device=A.device, dtype=torch.float64))
    drive = discretise(delta, A, delta_scale).drive
    collect = powers[..., :chunk].flip(-1) * drive[..., None]
    emit = 2 * powers[..., 1:] * to_complex128(C)[..., None]
    if num_reversed:
        collect, emit = (torch.cat([x[:causal], x[causal:].flip(-1)]) for x in (collect, emit))
    return ChunkOperators(
        inside,
        torch.cat([collect.real, collect.imag], dim=1).to(dtype),
        torch.cat([emit.real, -emit.imag], dim=1).transpose(1, 2).to(dtype),
        powers[..., chunk:].to(torch.complex128 if dtype == torch.float64 else torch.complex64),
    )


def chunked_convolve(
    u: Float[Tensor, 'batch length *others dim'], operators: ChunkOperators, num_reversed: int = 0
) -> Float[Tensor, 'batch length *others dim']:
    """Convolve by dense products inside chunks and a recurrence of states between them, linear in the length.

    This is faster than the Fourier transform on CPUs and for short sequences, since nearly all of it is matrix
    products. D is included.

    Args:
        u: Frames, in the type of the operators.
        operators: Matrices from :func:`chunk_operators` with this length and this ``num_reversed``.
        num_reversed: Number of channels, at the end, that run from the last frame to the first.

    Raises:
        ValueError: The operators are of a single chunk, which is shorter than the sequence.
    """
    batch, length, *others, dim = u.shape
    chunk = operators.inside.shape[-1]
    count = -(-length // chunk)
    if count * chunk > length:  # zeros at the end alter nothing, in either direction
        u = torch.cat([u, u.new_zeros(batch, count * chunk - length, *others, dim)], dim=1)
    # (dim, chunk, chunks * batch * others): one product for each channel, all sequences and chunks side by side
    columns = u.reshape(batch, count, chunk, -1, dim).permute(4, 2, 1, 0, 3)
    width = columns.shape[-1] * batch
    columns = _Contiguous.apply(columns.reshape(dim, chunk, count * width))
    y = operators.inside @ columns
    if count > 1:
        _, collect, emit, decay = operators
        if collect is None or emit is None or decay is None:
            raise ValueError(f'chunked_convolve: the operators are for a sequence of {chunk} frames, found {length}')
        y = torch.baddbmm(y, emit, _states_before_chunks(collect @ columns, decay, count, dim - num_reversed))
    y = _Contiguous.apply(y).reshape(dim, chunk, count, batch, -1).permute(3, 2, 1, 4, 0)
    return y.reshape(batch, count * chunk, *others, dim)[:, :length]


def by_frame(operators: ChunkOperators) -> Float[Tensor, 'length length dim']:
    """Return the matrices of a single chunk for :func:`convolve_one`: input frame, output frame, channel."""
    return operators.inside.permute(2, 1, 0).contiguous()


def convolve_one(
    u: Float[Tensor, 'one length *others dim'], matrices: Float[Tensor, 'length length dim']
) -> Float[Tensor, 'one length *others dim']:
    """Compute :func:`chunked_convolve` for one short sequence, without rearranging its channels.

    With a single column, the matrix product of each channel would be a slow call of its own.

    Args:
        u: The sequence; all axes other than length and dim are 1.
        matrices: Matrices from :func:`by_frame`.
    """
    frames = u.reshape(u.shape[1], 1, u.shape[-1])
    return (matrices * frames).sum(0).view_as(u)


class _Contiguous(torch.autograd.Function):
    """Identity whose output and gradient are both contiguous.

    torch's batched product on CPUs makes one library call for contiguous operands, but one for each channel, with
    copies, for others. The gradient of a tensor that is permuted later is not contiguous.
    """

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x.contiguous()

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient.contiguous()


def _states_before_chunks(
    collected: Float[Tensor, 'dim two_states columns'], decay: Complex[Tensor, 'dim state 1'], count: int, causal: int
) -> Float[Tensor, 'dim two_states columns']:
    """Return the state that each chunk starts from, given what each chunk adds to the state.

    Channels from ``causal`` on run backwards: each of their chunks starts from the state of the chunk after it.
    """
    collected = collected.unflatten(2, (count, -1))
    collected = torch.cat([collected[:causal], collected[causal:].flip(2)])
    real, imag = collected.chunk(2, dim=1)
    collected = torch.complex(real, imag)
    states = [torch.zeros_like(collected[:, :, 0])]
    for chunk in range(count - 1):
        states.append(decay * states[-1] + collected[:, :, chunk])
    states = torch.stack(states, dim=2)
    states = torch.cat([states[:causal], states[causal:].flip(2)])
    return torch.cat([states.real, states.imag], dim=1).flatten(2)
