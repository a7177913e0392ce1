"""The selective scan as a fused native CPU kernel: every argument, every gradient, all cores, no copy of the tokens."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from mmradar.ops.native import Tokens, address, parts_of, require_native_library, run_kernel, token_type
from mmradar.ops.selective_scan.fused import fused_scan

# Blocks of channels in a range of work. The blocks of a range share a chunk's B and C, and in the backward pass also
# the sums over channels, which cost more.
_FORWARD_GRAIN, _BACKWARD_GRAIN = 2, 8


class _Scan(ctypes.Structure):
    """Mirror of ``struct scan`` of selective_scan.h."""

    _fields_ = (
        *((name, Tokens) for name in ('u', 'delta', 'z', 'y', 'B', 'C')),
        *((name, ctypes.c_void_p) for name in ('A', 'D', 'bias', 'last_state', 'checkpoints')),
        *((name, ctypes.c_int64) for name in ('batch', 'length', 'dim', 'state', 'softplus', 'reverse')),
        *((name, Tokens) for name in ('grad_y', 'grad_u', 'grad_delta', 'grad_z')),
        *((name, ctypes.c_void_p) for name in ('grad_last', 'grad_A', 'grad_D', 'grad_bias', 'grad_B', 'grad_C')),
    )

    @classmethod
    def of(cls, u, delta, A, B, C, D, z, bias, softplus, reverse, checkpoints) -> _Scan:
        """Build the structure with the inputs filled in; the caller keeps the tensors alive."""
        tokens = {name: Tokens.of(x) for name, x in dict(u=u, delta=delta, z=z, B=B, C=C).items()}
        rows = {name: address(x) for name, x in dict(A=A, D=D, bias=bias, checkpoints=checkpoints).items()}
        batch, length, dim = u.shape
        sizes = dict(batch=batch, length=length, dim=dim, state=A.shape[1], softplus=softplus, reverse=reverse)
        return cls(**tokens, **rows, **sizes)


def _blocks(dim: int) -> int:
    return -(-dim // require_native_library().vector_lanes())


def _checkpoint_shape(u: Tensor, A: Tensor) -> tuple[int, ...]:
    library = require_native_library()
    chunks = -(-u.shape[1] // library.chunk_tokens())
    return u.shape[0], chunks, _blocks(u.shape[2]), A.shape[1], library.vector_lanes()


@torch.library.custom_op('mmradar::selective_scan_cpu', mutates_args=(), device_types='cpu')
def _forward(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    bias: Tensor | None,
    softplus: bool,
    reverse: bool,
    keep: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return y, the last state and, with ``keep``, the state before each chunk for the backward pass."""
    y = torch.empty(u.shape, dtype=u.dtype)
    last_state = A.new_empty(u.shape[0], *A.shape)
    checkpoints = A.new_empty(_checkpoint_shape(u, A) if keep else 0)
    scan = _Scan.of(u, delta, A, B, C, D, z, bias, softplus, reverse, checkpoints if keep else None)
    scan.y, scan.last_state = Tokens.of(y), address(last_state)
    blocks = _blocks(u.shape[2])
    run_kernel('selective_scan_forward', scan, len(u), blocks, parts_of(blocks, len(u), _FORWARD_GRAIN))
    return y, last_state, checkpoints


@_forward.register_fake
def _(u, delta, A, B, C, D, z, bias, softplus, reverse, keep):
    last_state = A.new_empty(u.shape[0], *A.shape)
    return torch.empty_like(u).contiguous(), last_state, A.new_empty(_checkpoint_shape(u, A) if keep else 0)


@torch.library.custom_op('mmradar::selective_scan_cpu_backward', mutates_args=(), device_types='cpu')
def _backward(
    grad_y: Tensor,
    grad_last: Tensor | None,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    bias: Tensor | None,
    checkpoints: Tensor,
    softplus: bool,
    reverse: bool,
) -> list[Tensor]:
    """Return the gradients of u, delta, A, B, C, D, z and bias; for absent arguments they are meaningless."""
    (batch, length, dim), state = u.shape, A.shape[1]
    blocks = _blocks(dim)
    parts = parts_of(blocks, batch, _BACKWARD_GRAIN)
    grad_u, grad_delta = (torch.empty(u.shape, dtype=u.dtype) for _ in range(2))
    grad_z = torch.empty(u.shape if z is not None else 0, dtype=u.dtype)
    grad_A, grad_D, grad_bias = (A.new_empty(batch, *shape) for shape in ((dim, state), (dim,), (dim,)))
    # each range of channels of a batch element has its own partial sum over channels
    grad_B, grad_C = (A.new_empty(parts, batch, length, state) for _ in range(2))
    scan = _Scan.of(u, delta, A, B, C, D, z, bias, softplus, reverse, checkpoints)
    for name, tensor in dict(grad_y=grad_y, grad_u=grad_u, grad_delta=grad_delta).items():
        setattr(scan, name, Tokens.of(tensor))
    if z is not None:
        scan.grad_z = Tokens.of(grad_z)
    grads = dict(grad_last=grad_last, grad_A=grad_A, grad_D=grad_D, grad_bias=grad_bias, grad_B=grad_B, grad_C=grad_C)
    for name, tensor in grads.items():
        setattr(scan, name, address(tensor))
    run_kernel('selective_scan_backward', scan, batch, blocks, parts)
    grad_A, grad_D, grad_bias, grad_B, grad_C = (x.sum(0) for x in (grad_A, grad_D, grad_bias, grad_B, grad_C))
    return [grad_u, grad_delta, grad_A, grad_B.to(B.dtype), grad_C.to(C.dtype), grad_D, grad_z, grad_bias]


@_backward.register_fake
def _(grad_y, grad_last, u, delta, A, B, C, D, z, bias, checkpoints, softplus, reverse):
    row = A.new_empty(len(A))
    grad_z = torch.empty_like(u) if z is not None else u.new_empty(0)
    grads = [torch.empty_like(u), torch.empty_like(delta), A, B, C, row, grad_z, row]
    return [torch.empty_like(x).contiguous() for x in grads]


# float32, or bfloat16 tokens with a float32 state
scan_cpu = fused_scan(_forward, _backward, token_type)
