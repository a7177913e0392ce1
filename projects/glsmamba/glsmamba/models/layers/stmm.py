"""Spatial- and temporal-modulated scan merging."""

from __future__ import annotations

from functools import reduce

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from glsmamba.models.layers.modulated_deform_conv import ModulatedDeformConv
from glsmamba.models.layers.scan_orders import pairs_of
from mmradar.errors import ConfigError


class ModulatedCompensation(BaseModule):
    """Deformable convolution of one stream with offsets and masks from another one, the guide (GLSMamba, STMM).

    Our choices: the guide makes the offsets and masks through a depthwise convolution and a linear layer; and the
    initialisation. The linear layer starts at zero, which makes zero offsets and masks of 1/2, as in DCNv2, and the
    kernel starts as 2 at its centre. Initially the output is thus the stream itself, and training departs from it.

    Args:
        embed_dims: Channels D.
        kernel_size: Kernel size of the deformable and of the depthwise convolution.
        groups: Groups of the deformable convolution.
        deform_groups: Number of channel groups, each with its own offsets.
        backend: See :func:`mmradar.ops.modulated_deform_conv2d`.
    """

    def __init__(
        self,
        embed_dims: int,
        kernel_size: int = 3,
        groups: int = 8,
        deform_groups: int = 1,
        backend: str = 'auto',
    ) -> None:
        super().__init__()
        self.deform_conv = ModulatedDeformConv(embed_dims, kernel_size, groups, deform_groups, backend)
        samples = deform_groups * kernel_size**2
        self.splits = (2 * samples, samples)
        self.around = nn.Conv2d(embed_dims, embed_dims, kernel_size, padding=kernel_size // 2, groups=embed_dims)
        self.modulation = nn.Linear(embed_dims, sum(self.splits))
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        with torch.no_grad():
            nn.init.dirac_(self.deform_conv.weight, groups).mul_(2)

    def forward(
        self, stream: Float[Tensor, 'maps dims height width'], guide: Float[Tensor, 'maps dims height width']
    ) -> Float[Tensor, 'maps dims height width']:
        modulation = self.modulation(self.around(guide).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        offset, mask = modulation.split(self.splits, dim=1)
        return self.deform_conv(stream, offset, mask.sigmoid())


MERGES = ('stmm', 'stmm_unified', 'sum')


class STMM(BaseModule):
    """Layer that merges the results of the pairs of scans (GLSMamba, STMM).

    The output is the unified result y_u plus two compensations, one with the spatial result y_s and one with the
    temporal result y_t (the sum is our choice). The paper says that deformable convolutions aggregate the streams, but
    not which stream is sampled and which one guides the sampling:

    - ``'stmm'``: y_u guides the sampling of y_s and y_t, ``y_u + DCN_s(y_s | y_u) + DCN_t(y_t | y_u)``.
    - ``'stmm_unified'``: y_s and y_t guide the sampling of y_u, ``y_u + DCN_s(y_u | y_s) + DCN_t(y_u | y_t)``; they
      reach the result as offsets and masks only.
    - ``'sum'``: ``y_u + y_s + y_t``, the paper's ablation without STMM.

    With the unified scan alone, each of these is y_u.

    Args:
        embed_dims: Width D.
        directions: See :class:`~glsmamba.models.layers.sts6d.STS6D`.
        merge: ``'stmm'``, ``'stmm_unified'`` or ``'sum'``.
        compensation_cfg: Further arguments of :class:`ModulatedCompensation`.

    Raises:
        ConfigError: If ``merge`` is unknown.
    """

    def __init__(
        self, embed_dims: int, directions: str = 'all', merge: str = 'stmm', compensation_cfg: dict | None = None
    ) -> None:
        super().__init__()
        if merge not in MERGES:
            raise ConfigError(f'STMM: merge must be one of {", ".join(MERGES)}, found {merge!r}')
        self.merge = merge
        streams = pairs_of(directions)[1:] if merge != 'sum' else ()
        self.compensations = nn.ModuleDict(
            {stream: ModulatedCompensation(embed_dims, **(compensation_cfg or {})) for stream in streams}
        )

    def forward(self, results: dict[str, Tensor]) -> Float[Tensor, 'batch frames height width dims']:
        """Merge the results, (batch, frames, height, width, dims) by pair of scans."""
        unified = results['unified']
        if not self.compensations:
            return reduce(torch.add, results.values())
        maps = {name: y.flatten(0, 1).permute(0, 3, 1, 2) for name, y in results.items()}
        merged = maps['unified']
        for name, compensation in self.compensations.items():
            sampled, guide = maps[name], maps['unified']
            if self.merge == 'stmm_unified':
                sampled, guide = guide, sampled
            merged = merged + compensation(sampled, guide)
        return torch.reshape(merged.permute(0, 2, 3, 1), unified.shape)
