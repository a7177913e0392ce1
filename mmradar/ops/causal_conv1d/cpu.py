"""The causal convolution as a native CPU kernel, with SiLU and all gradients."""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from mmradar.ops.native import (
    Tokens,
    address,
    parts_of,
    require_native_library,
    run_kernel,
    side_by_side,
    token_type,
)

_GRAIN = 8  # tiles of tokens in a range of work


class _Conv(ctypes.Structure):
    """Mirror of ``struct conv`` of causal_conv1d.h."""

    _fields_ = (
        ('x', Tokens),
        ('y', Tokens),
        ('weight', ctypes.c_void_p),
        ('bias', ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ('batch', 'length', 'dim', 'width', 'silu', 'reverse')),
        ('grad_y', Tokens),
        ('grad_x', Tokens),
        ('grad_weight', ctypes.c_void_p),
        ('grad_bias', ctypes.c_void_p),
    )

    @classmethod
    def of(cls, x: Tensor, weight: Tensor, bias: Tensor | None, with_silu: bool, reverse: bool) -> _Conv:
        """Build the structure with the inputs filled in, weight as (width, dim); the caller keeps the tensors alive."""
        sizes = dict(zip(('batch', 'length', 'dim', 'width'), (*x.shape, len(weight))))
        rows = dict(weight=address(weight), bias=address(bias))
        return cls(x=Tokens.of(x), **rows, **sizes, silu=with_silu, reverse=reverse)


def _tiles(length: int) -> int:
    return -(-length // require_native_library().tile_tokens_max())


@torch.library.custom_op('mmradar::causal_conv1d_cpu', mutates_args=(), device_types='cpu')
def _forward(x: Tensor, weight: Tensor, bias: Tensor | None, with_silu: bool, reverse: bool) -> Tensor:
    y, by_tap = torch.empty(x.shape, dtype=x.dtype), weight.T.contiguous()
    conv = _Conv.of(x, by_tap, bias, with_silu, reverse)
    conv.y = Tokens.of(y)
    tiles = _tiles(x.shape[1])
    run_kernel('causal_conv1d_forward', conv, len(x), tiles, parts_of(tiles, len(x), _GRAIN))
    return y


@_forward.register_fake
def _(x, weight, bias, with_silu, reverse):
    return torch.empty_like(x).contiguous()


@torch.library.custom_op('mmradar::causal_conv1d_cpu_backward', mutates_args=(), device_types='cpu')
def _backward(
    grad_y: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None, with_silu: bool, reverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of x, weight and bias."""
    grad_x, by_tap = torch.empty(x.shape, dtype=x.dtype), weight.T.contiguous()
    tiles = _tiles(x.shape[1])
    parts = parts_of(tiles, len(x), _GRAIN)
    grad_weight = weight.new_empty(parts, len(x), *by_tap.shape)
    grad_bias = weight.new_empty(parts, len(x), len(weight))
    conv = _Conv.of(x, by_tap, bias, with_silu, reverse)
    conv.grad_y, conv.grad_x = Tokens.of(grad_y), Tokens.of(grad_x)
    conv.grad_weight, conv.grad_bias = address(grad_weight), address(grad_bias)
    run_kernel('causal_conv1d_backward', conv, len(x), tiles, parts)
    return grad_x, grad_weight.sum((0, 1)).T.contiguous(), grad_bias.sum((0, 1))


@_backward.register_fake
def _(grad_y, x, weight, bias, with_silu, reverse):
    return torch.empty_like(x).contiguous(), torch.empty_like(weight).contiguous(), weight.new_empty(len(weight))


def _keep_inputs(ctx, inputs, output) -> None:
    x, weight, bias, ctx.with_silu, ctx.reverse = inputs
    ctx.save_for_backward(x, weight, bias)


def _gradients(ctx, grad_y):
    x, weight, bias = ctx.saved_tensors
    grads = _backward(side_by_side(grad_y), x, weight, bias, ctx.with_silu, ctx.reverse)
    return *grads[:2], None if bias is None else grads[2], None, None


_forward.register_autograd(_gradients, setup_context=_keep_inputs)


def conv_cpu(x: Tensor, weight: Tensor, bias: Tensor | None, with_silu: bool, reverse: bool) -> Tensor:
    """Compute :func:`mmradar.ops.causal_conv1d` on the CPU, in float32 or with bfloat16 tokens and float32 sums."""
    x, weight = side_by_side(x.to(token_type(x))), weight.float().contiguous()
    bias = None if bias is None else bias.float().contiguous()
    return _forward(x, weight, bias, with_silu, reverse)
