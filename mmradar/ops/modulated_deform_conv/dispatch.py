"""Choice of the implementation of the modulated deformable convolution."""

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
    """Apply a modulated deformable convolution (DCNv2, Zhu et al., 2019) of stride 1 that keeps the size of the maps.

    Each output is ``sum_k w_k m_k x(p + p_k + offset_k)``. Samples are bilinear, with zeros outside of the map.

    Args:
        x: Feature maps. These, the offsets and the masks are fastest with the channels last in memory.
        offset: Offsets in pixels, (batch, deform_groups * taps * 2, height, width), vertical before horizontal as in
            mmcv.
        mask: Factors of the samples, (batch, deform_groups * taps, height, width).
        weight: Kernel of odd height and width.
        bias: Added to each output channel.
        groups: Groups of the convolution.
        deform_groups: Groups of input channels, each with its own offsets and masks.
        backend: ``'cpu'`` (native; the channels of a deformable group must fill whole vectors of the processor),
            ``'mmcv'`` (if the full mmcv is installed), ``'torch'``, or ``'auto'`` for the first of these that can run.

    Returns:
        Output maps in the type of ``x``.

    Raises:
        ValueError: Shapes or devices do not fit, or the backend is unknown.
        TypeError: A tensor is not of a floating type.
        RuntimeError: The backend cannot run here.
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
    if x.is_meta:  # the complexity analysis counts the convolution inside torch's form
        return deform_conv_embedding_bag(x, offset, mask, weight, bias, groups, deform_groups).to(x.dtype)
    available = {
        'cpu': native_missing(x.device, x.dtype) or narrow_groups(channels, deform_groups),
        'mmcv': mmcv_missing(),
        'torch': None,
    }
    run = _BACKENDS[choose(operator, backend, available, x.device)]
    return run(x, offset, mask, weight, bias, groups, deform_groups).to(x.dtype)
