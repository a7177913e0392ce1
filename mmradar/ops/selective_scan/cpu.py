"""The selective scan as a native CPU kernel: every gradient, all cores, no copy of the tokens for a direction."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from mmradar.ops.selective_scan.native_library import load_native_scan

_CHUNK = 64  # CHUNK of scan_cpu.c


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix='selective_scan')


def _for_all(jobs: list[Callable[[], int]]) -> None:
    """Run the jobs on as many threads as torch uses; ctypes lets go of the interpreter lock meanwhile."""
    threads = torch.get_num_threads()
    codes = (
        [job() for job in jobs] if threads == 1 or len(jobs) == 1 else list(_pool(threads).map(lambda job: job(), jobs))
    )
    if any(codes):
        raise MemoryError('the selective scan ran out of memory')


def _ranges(blocks: int, batch: int) -> list[tuple[int, int]]:
    """Channel blocks of a batch element, cut as often as it takes to keep all threads busy."""
    parts = min(blocks, -(-torch.get_num_threads() // batch))
    return [(blocks * part // parts, blocks * (part + 1) // parts) for part in range(parts)]


def _address(tensor: Tensor | None, *index: int) -> int | None:
    """Address of a row of a contiguous tensor."""
    if tensor is None:
        return None
    return tensor.data_ptr() + sum(i * s for i, s in zip(index, tensor.stride())) * tensor.element_size()


class _NativeScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u, delta, A, B, C, reverse):
        library, _ = load_native_scan()
        u, delta, A, B, C = (x.contiguous() for x in (u, delta, A.T, B, C))
        (batch, length, dim), state = u.shape, A.shape[0]
        y, last = torch.empty_like(u), u.new_empty(batch, state, dim)
        checkpoints = u.new_empty(batch, -(-length // _CHUNK), state, dim) if any(ctx.needs_input_grad) else None

        def job(b: int, first: int, end: int) -> int:
            return library.scan_forward(
                _address(u, b),
                _address(delta, b),
                _address(A),
                _address(B, b),
                _address(C, b),
                _address(y, b),
                _address(last, b),
                _address(checkpoints, b),
                length,
                dim,
                state,
                first,
                end,
                reverse,
            )

        ranges = _ranges(dim // library.vector_lanes(), batch)
        _for_all([functools.partial(job, b, *part) for b in range(batch) for part in ranges])
        ctx.save_for_backward(u, delta, A, B, C, checkpoints)
        ctx.reverse = reverse
        return y, last.transpose(1, 2)

    @staticmethod
    def backward(ctx, grad_y, grad_last):
        library, _ = load_native_scan()
        u, delta, A, B, C, checkpoints = ctx.saved_tensors
        (batch, length, dim), state = u.shape, A.shape[0]
        grad_y, g = grad_y.contiguous(), grad_last.transpose(1, 2).contiguous().clone()
        ranges = _ranges(dim // library.vector_lanes(), batch)
        grad_u, grad_delta, grad_A = torch.empty_like(u), torch.empty_like(u), u.new_zeros(batch, state, dim)
        # threads that share a batch element each have a share of the sum over channels
        grad_B, grad_C = (u.new_empty(len(ranges), batch, length, state) for _ in range(2))

        def job(b: int, part: int) -> int:
            return library.scan_backward(
                _address(u, b),
                _address(delta, b),
                _address(A),
                _address(B, b),
                _address(C, b),
                _address(grad_y, b),
                _address(checkpoints, b),
                _address(g, b),
                _address(grad_u, b),
                _address(grad_delta, b),
                _address(grad_A, b),
                _address(grad_B, part, b),
                _address(grad_C, part, b),
                length,
                dim,
                state,
                *ranges[part],
                ctx.reverse,
            )

        _for_all([functools.partial(job, b, part) for b in range(batch) for part in range(len(ranges))])
        return grad_u, grad_delta, grad_A.sum(0).T, grad_B.sum(0), grad_C.sum(0), None


def scan_cpu(
    u: Float[Tensor, 'batch length dim'],
    delta: Float[Tensor, 'batch length dim'],
    A: Float[Tensor, 'dim state'],
    B: Float[Tensor, 'batch length state'],
    C: Float[Tensor, 'batch length state'],
    reverse: bool = False,
) -> tuple[Float[Tensor, 'batch length dim'], Float[Tensor, 'batch dim state']]:
    """As :func:`~mmradar.ops.selective_scan.reference.scan_reference`, in float32, for ``delta A <= 0``."""
    dim = u.shape[2]
    if fill := -dim % load_native_scan()[0].vector_lanes():
        u, delta, A = pad(u, (0, fill)), pad(delta, (0, fill)), pad(A, (0, 0, 0, fill))
    y, last_state = _NativeScan.apply(u, delta, A, B, C, reverse)
    return (y[..., :dim], last_state[:, :dim]) if fill else (y, last_state)
