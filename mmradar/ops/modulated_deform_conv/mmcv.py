"""mmcv's compiled modulated deformable convolution, which only the full mmcv has."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from mmradar.ops.compilation import assume_constant
from mmradar.ops.precision import computing_type


@assume_constant
@functools.cache
def mmcv_missing() -> str | None:
    """Return why mmcv's operator cannot run here, or ``None`` if it can. It is tried once, on the CPU."""
    try:
        # mmcv-lite has no mmcv.ops, and mmradar's stand-in for mmcv._ext raises when it is called
        from mmcv.ops import modulated_deform_conv2d

        ones = torch.ones(1, 1, 1, 1)
        modulated_deform_conv2d(ones, torch.zeros(1, 2, 1, 1), ones, ones, None, 1, 0, 1, 1, 1)
    except Exception as error:  # the binary's own failure may be of any kind
        return f'mmcv.ops.modulated_deform_conv2d cannot run ({type(error).__name__}: {error}); it needs the full mmcv'
    return None


def deform_conv_mmcv(
    x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, bias: Tensor | None, groups: int, deform_groups: int
) -> Tensor:
    """Compute :func:`mmradar.ops.modulated_deform_conv2d` with mmcv.

    mmcv computes positions in the type of the offsets, so all tensors are brought to the widest type, float32 at least.
    """
    from mmcv.ops import modulated_deform_conv2d

    padding = (weight.shape[2] // 2, weight.shape[3] // 2)
    dtype = computing_type(x, offset, mask, weight, bias)
    x, offset, mask, weight = (tensor.to(dtype).contiguous() for tensor in (x, offset, mask, weight))
    bias = None if bias is None else bias.to(dtype)
    return modulated_deform_conv2d(x, offset, mask, weight, bias, 1, padding, 1, groups, deform_groups)
