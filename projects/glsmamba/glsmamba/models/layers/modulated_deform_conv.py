"""Modulated deformable convolution (DCNv2): mmcv's compiled operator, or torch operations that equal it."""

from __future__ import annotations

import functools
import math

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import conv2d, embedding_bag

from mmradar.errors import ConfigError


@functools.cache
def mmcv_operator_missing() -> str | None:
    """Why mmcv's compiled operator cannot run here, or ``None`` if it can. It is tried once, on the CPU."""
    try:
        # mmcv-lite has no mmcv.ops, and mmradar's stand-in for mmcv._ext raises when it is called
        from mmcv.ops import modulated_deform_conv2d

        ones = torch.ones(1, 1, 1, 1)
        modulated_deform_conv2d(ones, torch.zeros(1, 2, 1, 1), ones, ones, None, 1, 0, 1, 1, 1)
    except Exception as error:  # the binary's own failure may be of any kind
        return f'mmcv.ops.modulated_deform_conv2d cannot run ({type(error).__name__}: {error}); it needs the full mmcv'
    return None


def _corners(position: Float[Tensor, '...'], size: int) -> tuple[list[Float[Tensor, '...']], list[Tensor]]:
    """The two samples around a position on one axis: weights, zero outside of the map, and indices within it."""
    low = position.detach().floor()
    fraction = position - low
    weights, indices = [], []
    for index, weight in ((low, 1 - fraction), (low + 1, fraction)):
        inside = (index >= 0) & (index < size)
        weights.append(weight * inside)
        indices.append(index.clamp(0, size - 1).long())
    return weights, indices


def modulated_deform_conv2d_torch(
    x: Float[Tensor, 'batch channels height width'],
    offset: Float[Tensor, 'batch offsets height width'],
    mask: Float[Tensor, 'batch samples height width'],
    weight: Float[Tensor, 'out in kernel_height kernel_width'],
    bias: Float[Tensor, 'out'] | None = None,
    groups: int = 1,
    deform_groups: int = 1,
) -> Float[Tensor, 'batch out height width']:
    """DCNv2 (Zhu et al., 2019) of stride 1 with as many outputs as inputs, in torch operations.

    Each output is ``sum_k w_k m_k x(p + p_k + offset_k)``, bilinear, zero outside of the map. All samples are the bags
    of one ``embedding_bag``: four pixels each, with weights; what follows is an ordinary convolution over the samples
    side by side.

    Args:
        x: Feature maps; fastest with the channels last in memory.
        offset: (batch, deform_groups * kernel * 2, ...) in pixels, vertical before horizontal, as mmcv's.
        mask: (batch, deform_groups * kernel, ...), factors of the samples.
        weight: Odd kernel.
        bias: Of each output channel.
        groups: Of the convolution.
        deform_groups: Groups of channels, each with its own offsets and masks.
    """
    batch, channels, height, width = x.shape
    if x.device.type == 'cpu' and batch > 1:  # one map after the other: its samples stay in the cache
        maps = zip(x.split(1), offset.split(1), mask.split(1))
        return torch.cat(
            [modulated_deform_conv2d_torch(*of_map, weight, bias, groups, deform_groups) for of_map in maps]
        )
    out, _, rows, columns = weight.shape
    kernel, device = rows * columns, x.device
    # (batch, height, width, kernel, deform_groups)
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
        per_sample_weights=weights.view(-1, 4).to(x.dtype),
    )
    # (batch, channels, 1, pixels * kernel), channels last in memory: one long row for the convolution to run along
    samples = samples.view(batch, 1, height * width * kernel, channels).permute(0, 3, 1, 2)
    taps = weight.flatten(2)[:, :, None].to(x.dtype)
    return conv2d(samples, taps, bias, stride=(1, kernel), groups=groups).view(batch, out, height, width)


class ModulatedDeformConv(BaseModule):
    """A 2D convolution that samples where given offsets say, weighted by given masks, map size kept.

    Args:
        channels: In and out.
        kernel_size: Odd.
        groups: Of the convolution.
        deform_groups: Groups of channels with offsets of their own.
        implementation: ``'mmcv'``, ``'torch'``, or ``'auto'``: mmcv's where it is compiled.

    Raises:
        ConfigError: An even kernel, groups that do not divide the channels, an unknown implementation, or mmcv's asked
            for where it cannot run.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int = 3,
        groups: int = 1,
        deform_groups: int = 1,
        implementation: str = 'auto',
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ConfigError(f'ModulatedDeformConv: kernel_size must be odd, found {kernel_size}')
        if channels % groups or channels % deform_groups:
            raise ConfigError(
                f'ModulatedDeformConv: {channels} channels cannot be divided into groups={groups} and '
                f'deform_groups={deform_groups}'
            )
        if implementation not in ('auto', 'mmcv', 'torch'):
            raise ConfigError(
                f"ModulatedDeformConv: implementation must be 'auto', 'mmcv' or 'torch', found {implementation!r}"
            )
        if implementation == 'mmcv' and (reason := mmcv_operator_missing()):
            raise ConfigError(f"ModulatedDeformConv: {reason}. Use implementation='torch' or 'auto'.")
        self.kernel_size, self.groups, self.deform_groups = kernel_size, groups, deform_groups
        self.uses_mmcv = implementation == 'mmcv' or (implementation == 'auto' and mmcv_operator_missing() is None)
        self.weight = nn.Parameter(torch.empty(channels, channels // groups, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(channels))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # as torch's convolutions

    def forward(
        self,
        x: Float[Tensor, 'batch channels height width'],
        offset: Float[Tensor, 'batch offsets height width'],
        mask: Float[Tensor, 'batch samples height width'],
    ) -> Float[Tensor, 'batch channels height width']:
        """As :func:`modulated_deform_conv2d_torch`."""
        if self.uses_mmcv and not x.is_meta:
            from mmcv.ops import modulated_deform_conv2d

            padding = self.kernel_size // 2
            arguments = (tensor.contiguous() for tensor in (x, offset, mask))
            return modulated_deform_conv2d(
                *arguments, self.weight, self.bias, 1, padding, 1, self.groups, self.deform_groups
            )
        return modulated_deform_conv2d_torch(x, offset, mask, self.weight, self.bias, self.groups, self.deform_groups)

    def uncounted_macs(self, x: Float[Tensor, 'batch channels height width'], *_) -> dict[str, int]:
        """Multiply-accumulates of the samples, four each: torch counts the convolution behind them only."""
        return {'bilinear samples': 4 * self.kernel_size**2 * x.numel()}
