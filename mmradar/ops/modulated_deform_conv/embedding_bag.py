"""The modulated deformable convolution in torch operations, on any device and in any floating type."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d, embedding_bag

from mmradar.ops.precision import computing_type


def _corners(position: Float[Tensor, '...'], size: int) -> tuple[list[Float[Tensor, '...']], list[Tensor]]:
    """Return weights and indices of the two pixels around a position on one axis.

    The weights are zero outside of the map; the indices are clamped to it.
    """
    low = position.detach().floor()
    fraction = position - low
    weights, indices = [], []
    for index, weight in ((low, 1 - fraction), (low + 1, fraction)):
        inside = (index >= 0) & (index < size)
        weights.append(weight * inside)
        indices.append(index.nan_to_num().clamp(0, size - 1).long())
    return weights, indices


def deform_conv_embedding_bag(
    x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor, bias: Tensor | None, groups: int, deform_groups: int
) -> Tensor:
    """Compute :func:`mmradar.ops.modulated_deform_conv2d` with ``embedding_bag``.

    Each sample is a bag of four weighted pixels, and one ``embedding_bag`` computes all samples. An ordinary
    convolution over the samples, laid side by side, follows. Half types are computed in float32: from pixel 64 on, a
    position in bfloat16 is off by up to a quarter of a pixel.
    """
    dtype = computing_type(x, offset, mask, weight, bias)
    x, offset, mask, weight = (tensor.to(dtype) for tensor in (x, offset, mask, weight))
    bias = None if bias is None else bias.to(dtype)
    batch, channels, height, width = x.shape
    if x.device.type == 'cpu' and batch > 1:  # one map at a time: its samples stay in the cache
        maps = zip(x.split(1), offset.split(1), mask.split(1))
        return torch.cat([deform_conv_embedding_bag(*of_map, weight, bias, groups, deform_groups) for of_map in maps])
    out, _, rows, columns = weight.shape
    kernel, device = rows * columns, x.device
    # offset: (2, batch, height, width, kernel, deform_groups); mask: the same without the first axis
    offset = offset.unflatten(1, (deform_groups, kernel, 2)).permute(3, 0, 4, 5, 2, 1)
    mask = mask.unflatten(1, (deform_groups, kernel)).permute(0, 3, 4, 2, 1)

    def grid(size: int, taps: int, axis: int) -> Tensor:
        pixels, around = torch.arange(size, device=device), torch.arange(taps, device=device) - taps // 2
        shape = (-1, 1) if axis == 0 else (1, -1)
        around = around.view(-1, 1).expand(rows, columns) if axis == 0 else around.expand(rows, columns)
        return pixels.view(*shape, 1, 1) + around.flatten()[:, None]

    (top, bottom), (y0, y1) = _corners(grid(height, rows, 0) + offset[0], height)
    (left, right), (x0, x1) = _corners(grid(width, columns, 1) + offset[1], width)
    weights = torch.stack([top * left, top * right, bottom * left, bottom * right], dim=-1) * mask[..., None]
    pixels = torch.stack([y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1], dim=-1)
    image = torch.arange(batch, device=device).view(-1, 1, 1, 1, 1, 1) * (height * width)
    group = torch.arange(deform_groups, device=device)[:, None]
    index = (image + pixels) * deform_groups + group
    samples = embedding_bag(
        index.view(-1, 4),
        x.permute(0, 2, 3, 1).reshape(-1, channels // deform_groups),
        mode='sum',
        per_sample_weights=weights.view(-1, 4),
    )
    # (batch, channels, 1, pixels * kernel), channels last in memory: one long row for the convolution to run along
    samples = samples.view(batch, 1, height * width * kernel, channels).permute(0, 3, 1, 2)
    taps = weight.flatten(2)[:, :, None]
    return conv2d(samples, taps, bias, stride=(1, kernel), groups=groups).view(batch, out, height, width)
