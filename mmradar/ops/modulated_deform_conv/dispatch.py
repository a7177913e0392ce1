"""Chooses an implementation of the modulated deformable convolution."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mmradar.ops.backends import check_tensor, choose, native_missing
from mmradar.ops.modulated_deform_conv.cpu import deform_conv_cpu, narrow_groups
from mmradar.ops.modulated_deform_conv.embedding_bag import deform_conv_embedding_bag
from mmradar.ops.modulated_deform_conv.mmcv import deform_conv_mmcv, mmcv_missing

_BACKENDS = {'cpu': deform_conv_cpu, 'mmcv': deform_conv_mmcv, 'torch': deform_conv_embedding_bag}


def modulated_deform_conv2d(
    x: Float[Tensor, 'batch channels height width'],
    offset: Float[Tensor, 'batch offsets height width'],
    mask: Float[Tensor, 'batch samples height width'],
    weight: Float[Tensor, 'out in kernel_height kernel_width'],
    bias: Float[Tensor, 'out'] | None = None,
    groups: int = 1,
    deform_groups: int = 1,
    *,
    backend: str = 'auto',
) -> Float[Tensor, 'batch out height width']:
    """DCNv2 (Zhu et al., 2019) of stride 1 with as many outputs as inputs.

    Each output is ``sum_k w_k m_k x(p + p_k + offset_k)``, bilinear, zero outside of the map.

    Args:
        x: Feature maps; fastest with the channels last in memory, as all maps here.
        offset: (batch, deform_groups * kernel * 2, ...) in pixels, vertical before horizontal, as mmcv's.
        mask: (batch, deform_groups * kernel, ...), factors of the samples.
        weight: Odd kernel.
        bias: Of each output channel.
        groups: Of the convolution.
        deform_groups: Groups of channels, each with its own offsets and masks.
        backend: ``'cpu'`` (native, channels of a deformable group in multiples of the processor's vectors), ``'mmcv'``
            (where the full mmcv is installed), ``'torch'``, or ``'auto'`` for the first of them that can run.

    Returns:
        In the type of ``x``.

    Raises:
        ValueError: Shapes or devices that do not fit, or an unknown backend.
        TypeError: Tensors that are not of floating types.
        RuntimeError: A backend that cannot run here.
    """
    operator = 'modulated_deform_conv2d'
    if x.ndim != 4 or weight.ndim != 4:
        raise ValueError(
            f'{operator} takes x as (batch, channels, height, width) and weight as (out, in, kernel_height, '
            f'kernel_width), found {tuple(x.shape)} and {tuple(weight.shape)}'
        )
    (batch, channels, *size), (out, _, *kernel) = x.shape, weight.shape
    if not all(taps % 2 for taps in kernel):
        raise ValueError(f'{operator}: the kernel must be odd, found {kernel[0]} x {kernel[1]}')
    if channels % groups or out % groups or channels % deform_groups:
        raise ValueError(
            f'{operator}: {channels} channels in and {out} out cannot be divided into groups={groups} and '
            f'deform_groups={deform_groups}'
        )
    samples = deform_groups * kernel[0] * kernel[1]
    check_tensor(operator, 'x', x, tuple(x.shape), x)
    check_tensor(operator, 'offset', offset, (batch, 2 * samples, *size), x)
    check_tensor(operator, 'mask', mask, (batch, samples, *size), x)
    check_tensor(operator, 'weight', weight, (out, channels // groups, *kernel), x)
    if bias is not None:
        check_tensor(operator, 'bias', bias, (out,), x)
    if x.is_meta:  # torch's form, of which the complexity analysis counts the convolution
        return deform_conv_embedding_bag(x, offset, mask, weight, bias, groups, deform_groups).to(x.dtype)
    available = {
        'cpu': native_missing(x.device, x.dtype) or narrow_groups(channels, deform_groups),
        'mmcv': mmcv_missing(),
        'torch': None,
    }
    run = _BACKENDS[choose(operator, backend, available, x.device)]
    return run(x, offset, mask, weight, bias, groups, deform_groups).to(x.dtype)
