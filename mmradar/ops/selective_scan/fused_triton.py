"""The selective scan on a GPU through Triton: all arguments, all gradients. It has not been run on a GPU yet."""

# pyright cannot see that kernel[grid] adds num_warps to the parameters, and that tl.constexpr parameters take numbers.
# pyright: basic, reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import os

import torch
from torch import Tensor

from mmradar.ops.backends import import_missing
from mmradar.ops.precision import shared_type
from mmradar.ops.selective_scan.fused import fused_scan

_CHUNK = 16  # tokens
_TILE = 4096  # elements (tokens x channels x states) that a program holds in registers; 32 for each thread
_CHUNKS_AT_ONCE, _ELEMENTS = 32, 64  # tile of hand_over


def interpreting() -> bool:
    """Return whether Triton runs its kernels in its interpreter, on CPU tensors: slow, for tests."""
    return os.environ.get('TRITON_INTERPRET') == '1'


def triton_missing() -> str | None:
    """Return why the Triton kernels cannot be used, or ``None`` if they can."""
    return import_missing('mmradar.ops.selective_scan.triton_kernels')


def _tokens(tensor: Tensor | None) -> tuple[Tensor | None, int, int]:
    """Return a tensor and its batch and token strides, in the order in which kernels take them."""
    return (None, 0, 0) if tensor is None else (tensor, tensor.stride(0), tensor.stride(1))


class _Launch:
    """Grid and sizes of the kernels of one scan."""

    def __init__(self, u: Tensor, A: Tensor, D: Tensor | None, z: Tensor | None, bias: Tensor | None) -> None:
        (self.batch, self.length, self.dim), self.state = u.shape, A.shape[1]
        self.chunks = -(-self.length // _CHUNK)
        states = 1 << (self.state - 1).bit_length()  # Triton's tiles are powers of two
        channels = max(1, _TILE // (_CHUNK * states))
        self.blocks = -(-self.dim // channels)
        self.grid = (self.blocks, self.chunks, self.batch)
        self.sizes = (self.length, self.dim, self.state, self.chunks)
        self.tile = dict(T=_CHUNK, BD=channels, N=states)
        self.has_D, self.has_z, self.has_bias = (x is not None for x in (D, z, bias))

    def hand_over(
        self, local: Tensor, total_delta: Tensor, A: Tensor, first: Tensor | None, backwards: bool
    ) -> tuple[Tensor, Tensor]:
        """Return the state that enters each chunk, and the state that leaves the last chunk."""
        from mmradar.ops.selective_scan import triton_kernels as kernels

        starts, last = torch.empty_like(local), torch.empty_like(local[:, 0])
        grid = (-(-self.dim * self.state // _ELEMENTS), self.batch)
        tile = dict(K=_CHUNKS_AT_ONCE, BE=_ELEMENTS)
        flags = dict(FIRST=first is not None, BACKWARDS=backwards)
        sizes = (self.dim, self.state, self.chunks)
        kernels.hand_over[grid](local, total_delta, A, first, starts, last, *sizes, **flags, **tile)
        return starts, last


@torch.library.custom_op('mmradar::selective_scan_triton', mutates_args=())
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
    """Return y, the last state and, with ``keep``, the state before each chunk."""
    from mmradar.ops.selective_scan import triton_kernels as kernels

    launch = _Launch(u, A, D, z, bias)
    local = A.new_empty(launch.batch, launch.chunks, *A.shape)
    total_delta = A.new_empty(launch.batch, launch.chunks, len(A))
    flags = dict(BIAS=launch.has_bias, SOFTPLUS=softplus, REVERSE=reverse)
    kernels.chunk_states[launch.grid](
        *_tokens(u), *_tokens(delta), *_tokens(B), A, bias, local, total_delta, *launch.sizes, **flags, **launch.tile
    )
    starts, last_state = launch.hand_over(local, total_delta, A, None, backwards=False)
    y = torch.empty(u.shape, dtype=u.dtype, device=u.device)
    tokens = (argument for tensor in (u, delta, B, C, z) for argument in _tokens(tensor))
    kernels.chunk_outputs[launch.grid](
        *tokens, y, A, D, bias, starts, *launch.sizes, HAS_D=launch.has_D, HAS_Z=launch.has_z, **flags, **launch.tile
    )
    return y, last_state, starts if keep else A.new_empty(0)


@_forward.register_fake
def _(u, delta, A, B, C, D, z, bias, softplus, reverse, keep):
    starts = A.new_empty(u.shape[0], -(-u.shape[1] // _CHUNK), *A.shape) if keep else A.new_empty(0)
    return u.new_empty(u.shape), A.new_empty(u.shape[0], *A.shape), starts


@torch.library.custom_op('mmradar::selective_scan_triton_backward', mutates_args=())
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
    starts: Tensor,
    softplus: bool,
    reverse: bool,
) -> list[Tensor]:
    """Return the gradients of u, delta, A, B, C, D, z and bias; for absent arguments they are meaningless."""
    from mmradar.ops.selective_scan import triton_kernels as kernels

    launch = _Launch(u, A, D, z, bias)
    local, grad_A = torch.empty_like(starts), torch.empty_like(starts)
    total_delta, grad_D, grad_bias = (A.new_empty(launch.batch, launch.chunks, launch.dim) for _ in range(3))
    grad_u, grad_delta, grad_z = (torch.empty(u.shape, dtype=u.dtype, device=u.device) for _ in range(3))
    grad_B, grad_C = (A.new_empty(launch.blocks, launch.batch, launch.length, launch.state) for _ in range(2))
    flags = dict(HAS_Z=launch.has_z, BIAS=launch.has_bias, SOFTPLUS=softplus, REVERSE=reverse)
    tokens = (argument for tensor in (grad_y, z, delta, C) for argument in _tokens(tensor))
    kernels.chunk_adjoints[launch.grid](*tokens, A, bias, local, total_delta, *launch.sizes, **flags, **launch.tile)
    adjoints, _ = launch.hand_over(local, total_delta, A, grad_last, backwards=True)
    tokens = (argument for tensor in (grad_y, u, delta, B, C, z) for argument in _tokens(tensor))
    gradients = (grad_u, grad_delta, grad_z, grad_A, grad_B, grad_C, grad_D, grad_bias)
    kernels.chunk_gradients[launch.grid](
        *tokens, A, D, bias, starts, adjoints, *gradients, launch.batch, *launch.sizes, HAS_D=launch.has_D, **flags,
        **launch.tile, num_warps=8,
    )  # fmt: skip
    grad_A, grad_D, grad_bias = (x.sum((0, 1)) for x in (grad_A, grad_D, grad_bias))
    grad_B, grad_C = grad_B.sum(0).to(B.dtype), grad_C.sum(0).to(C.dtype)
    return [grad_u, grad_delta, grad_A, grad_B, grad_C, grad_D, grad_z, grad_bias]


@_backward.register_fake
def _(grad_y, grad_last, u, delta, A, B, C, D, z, bias, starts, softplus, reverse):
    row = A.new_empty(len(A))
    return [torch.empty_like(x).contiguous() for x in (u, delta, A, B, C, row, u, row)]


# tokens of float32, bfloat16 or float16 with a float32 state
scan_triton = fused_scan(_forward, _backward, shared_type)
