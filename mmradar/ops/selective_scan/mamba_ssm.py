"""mamba-ssm's CUDA kernel, if its compiled extension is installed. This file has not been run on a GPU yet."""

from __future__ import annotations

import torch
from torch import Tensor

from mmradar.ops.backends import import_missing
from mmradar.ops.precision import shared_type


def mamba_ssm_missing(dtype: torch.dtype) -> str | None:
    """Return why mamba-ssm's Mamba-1 kernel cannot be used for tokens of this type, or ``None`` if it can.

    This checks for the compiled extension, not only for the package: since 2.3.2 a plain install comes without it.
    """
    if dtype == torch.float64:
        return 'has no float64'
    return import_missing('selective_scan_cuda', 'mamba_ssm.ops.selective_scan_interface')


def scan_mamba_ssm(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    z: Tensor | None,
    delta_bias: Tensor | None,
    delta_softplus: bool,
    reverse: bool,
) -> tuple[Tensor, Tensor]:
    """Compute :func:`mmradar.ops.selective_scan` with mamba-ssm.

    mamba-ssm takes tokens last, in one type, and scans in one direction only.
    """
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn  # pyright: ignore[reportMissingImports]

    def turn(x: Tensor) -> Tensor:
        return (x.flip(1) if reverse else x).to(dtype).transpose(1, 2).contiguous()

    given, dtype = u.dtype, shared_type(u, delta, B, C, z)
    u, delta, B, C = (turn(x) for x in (u, delta, B, C))
    z = None if z is None else turn(z)
    A = A.float()
    D, delta_bias = (None if x is None else x.float() for x in (D, delta_bias))
    y, last_state = selective_scan_fn(
        u, delta, A, B, C, D, z, delta_bias, delta_softplus, return_last_state=True
    )  # fmt: skip
    y = y.transpose(1, 2).to(given)
    return y.flip(1) if reverse else y, last_state
