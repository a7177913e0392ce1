"""The modulated deformable convolution on the CPU: samples by a native kernel, their sums by torch's matrix products.

A few hundred pixels are processed at a time. Their samples, taps times channels numbers for each pixel, stay in the
cache, are multiplied and dropped. The backward pass computes them again.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator

import torch
from torch import Tensor

from mmradar.ops.native import (
    address,
    load_native_library,
    parts_of,
    require_native_library,
    run_kernel,
    side_by_side,
)

_CACHED = 2**18  # sampled numbers held at a time
_PIXEL_GRAIN, _CHANNEL_GRAIN = 16, 4  # pixels and vectors of channels in a range of work


class _Deform(ctypes.Structure):
    """Mirror of ``struct deform`` of deform_samples.h."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ('x', 'offset', 'mask')),
        *((name, ctypes.c_int64) for name in ('offset_stride', 'mask_stride')),
        *((name, ctypes.c_int64) for name in ('height', 'width', 'channels', 'rows', 'columns')),
        *((name, ctypes.c_int64) for name in ('groups', 'deform_groups', 'first', 'pixels')),
        *((name, ctypes.c_void_p) for name in ('samples', 'grad_x', 'grad_offset', 'grad_mask')),
    )


def narrow_groups(channels: int, deform_groups: int) -> str | None:
    """Return why the kernel cannot take deformable groups of this width, or ``None`` if it can."""
    library, _ = load_native_library()
    if library is None or channels // deform_groups % library.vector_lanes() == 0:
        return None
    return f'needs deformable groups of multiples of {library.vector_lanes()} channels'


def _by_pixel(maps: Tensor) -> Tensor:
    """Reshape (batch, channels, height, width) to (pixels, channels), without a copy if channels are last in memory."""
    return side_by_side(maps.float().permute(0, 2, 3, 1).flatten(0, 2))


class _Weight:
    """Weight of the convolution as one matrix for each group, (groups, taps * in, out).

    Groups are merged until their channels fill whole vectors; entries from one merged group to another are zero.
    """

    def __init__(self, weight: Tensor, groups: int, channels: int) -> None:
        lanes = require_native_library().vector_lanes()
        of_group = channels // groups
        merged = lanes // math.gcd(of_group, lanes)
        self.merged = merged if groups % merged == 0 else groups
        self.groups, self.taps = groups // self.merged, math.prod(weight.shape[2:])
        self.of_group, self.of_out = of_group, len(weight) // groups
        # (groups, merged, out, in, taps) to (groups, taps, merged, in, merged, out), zero from one group to another
        split = weight.reshape(self.groups, self.merged, self.of_out, of_group, self.taps)
        dense = weight.new_zeros(self.groups, self.taps, self.merged, of_group, self.merged, self.of_out)
        dense.diagonal(dim1=2, dim2=4).copy_(split.permute(0, 4, 3, 2, 1))
        self.matrices = dense.view(self.groups, self.taps * self.merged * of_group, -1)

    def gradient(self, of_matrices: Tensor) -> Tensor:
        """Return the gradient of the weight, (out, in, taps), from the gradient of the matrices."""
        dense = of_matrices.view(self.groups, self.taps, self.merged, self.of_group, self.merged, self.of_out)
        return dense.diagonal(dim1=2, dim2=4).permute(0, 4, 3, 2, 1).reshape(-1, self.of_group, self.taps)


def _pieces(deform: _Deform, pixels: int) -> Iterator[slice]:
    """Yield ranges of pixels one after the other, each after entering it into the structure."""
    piece = max(_PIXEL_GRAIN, _CACHED // (deform.channels * deform.rows * deform.columns))
    for first in range(0, pixels, piece):
        deform.first, deform.pixels = first, min(piece, pixels - first)
        yield slice(first, first + deform.pixels)


def _take_samples(deform: _Deform, like: Tensor) -> Tensor:
    """Sample the structure's range of pixels: (groups, pixels, taps * channels of a group)."""
    taps, of_group = deform.rows * deform.columns, deform.channels // deform.groups
    samples = like.new_empty(deform.groups, deform.pixels, taps * of_group)
    deform.samples = address(samples)
    run_kernel('deform_samples', deform, 1, deform.pixels, parts_of(deform.pixels, 1, _PIXEL_GRAIN))
    return samples


def _deform_of(
    x: Tensor, offset: Tensor, mask: Tensor, size: list[int], kernel: list[int], groups: int, deform_groups: int
) -> _Deform:
    """Build the structure with the inputs filled in; the caller keeps the tensors alive."""
    deform = _Deform(address(x), address(offset), address(mask), offset.stride(0), mask.stride(0))
    deform.height, deform.width, deform.channels = *size, x.shape[1]
    deform.rows, deform.columns = kernel
    deform.groups, deform.deform_groups = groups, deform_groups
    return deform


@torch.library.custom_op('mmradar::deform_conv_cpu', mutates_args=(), device_types='cpu')
def _forward(
    x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, size: list[int], groups: int, deform_groups: int
) -> Tensor:
    matrix = _Weight(weight, groups, x.shape[1])
    deform = _deform_of(x, offset, mask, size, list(weight.shape[2:]), matrix.groups, deform_groups)
    y = x.new_empty(len(x), matrix.groups, matrix.matrices.shape[2])
    for piece in _pieces(deform, len(x)):
        y[piece] = torch.bmm(_take_samples(deform, x), matrix.matrices).transpose(0, 1)
    return y.flatten(1)


@_forward.register_fake
def _(x, offset, mask, weight, size, groups, deform_groups):
    return x.new_empty(len(x), len(weight))


@torch.library.custom_op('mmradar::deform_conv_cpu_backward', mutates_args=(), device_types='cpu')
def _backward(
    grad_y: Tensor,
    x: Tensor,
    offset: Tensor,
    mask: Tensor,
    weight: Tensor,
    size: list[int],
    groups: int,
    deform_groups: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute the gradients of x, offset, mask and weight."""
    matrix = _Weight(weight, groups, x.shape[1])
    deform = _deform_of(x, offset, mask, size, list(weight.shape[2:]), matrix.groups, deform_groups)
    vectors = x.shape[1] // require_native_library().vector_lanes()
    parts = parts_of(vectors, 1, _CHANNEL_GRAIN)
    grad_x, grad_matrices = torch.zeros_like(x), torch.zeros_like(matrix.matrices)
    grad_offset, grad_mask = (torch.empty(given.shape) for given in (offset, mask))
    deform.grad_x = address(grad_x)
    backwards, grad_y = matrix.matrices.transpose(1, 2), grad_y.view(len(x), matrix.groups, -1)
    for piece in _pieces(deform, len(x)):
        of_groups = grad_y[piece].transpose(0, 1)
        grad_matrices.baddbmm_(_take_samples(deform, x).transpose(1, 2), of_groups)
        grad_samples = torch.bmm(of_groups, backwards)
        offset_shares, mask_shares = (x.new_zeros(parts, deform.pixels, given.shape[1]) for given in (offset, mask))
        deform.samples = address(grad_samples)
        deform.grad_offset, deform.grad_mask = address(offset_shares), address(mask_shares)
        run_kernel('deform_samples_backward', deform, 1, vectors, parts)
        torch.sum(offset_shares, 0, out=grad_offset[piece])
        torch.sum(mask_shares, 0, out=grad_mask[piece])
    return grad_x, grad_offset, grad_mask, matrix.gradient(grad_matrices).view(weight.shape)


@_backward.register_fake
def _(grad_y, x, offset, mask, weight, size, groups, deform_groups):
    return tuple(torch.empty_like(given).contiguous() for given in (x, offset, mask, weight))


def _keep_inputs(ctx, inputs, output) -> None:
    *tensors, ctx.size, ctx.groups, ctx.deform_groups = inputs
    ctx.save_for_backward(*tensors)


def _gradients(ctx, grad_y):
    grads = _backward(grad_y.contiguous(), *ctx.saved_tensors, ctx.size, ctx.groups, ctx.deform_groups)
    return *grads, None, None, None


_forward.register_autograd(_gradients, setup_context=_keep_inputs)


def deform_conv_cpu(
    x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, bias: Tensor | None, groups: int, deform_groups: int
) -> Tensor:
    """Compute :func:`mmradar.ops.modulated_deform_conv2d` on the CPU, in float32."""
    batch, _, *size = x.shape
    pixels = _by_pixel(x).contiguous()
    y = _forward(pixels, _by_pixel(offset), _by_pixel(mask), weight.float().contiguous(), size, groups, deform_groups)
    y = y if bias is None else y + bias
    return y.view(batch, *size, -1).permute(0, 3, 1, 2)
