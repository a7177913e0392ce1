"""mamba-ssm's CUDA kernel, where it is really there. Nobody has run this file on a GPU yet."""

from __future__ import annotations

import functools
import importlib

from torch import Tensor


@functools.cache
def mamba_ssm_missing() -> str | None:
    """Why mamba-ssm's Mamba-1 kernel cannot be used, or ``None`` if it can.

    The compiled symbol is asked for, not the package: since 2.3.2 a plain install comes without it.
    """
    try:
        importlib.import_module('selective_scan_cuda')
        importlib.import_module('mamba_ssm.ops.selective_scan_interface')
    except Exception as error:  # a kernel built for another torch fails in many ways; the reason is kept and shown
        return f'{type(error).__name__}: {error}'
    return None


def scan_mamba_ssm(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
    """As :func:`~mmradar.ops.selective_scan.reference.scan_reference`; mamba-ssm wants tokens last."""
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    u, delta, B, C = (x.transpose(1, 2).contiguous() for x in (u, delta, B, C))
    y, last_state = selective_scan_fn(u, delta, A, B, C, return_last_state=True)
    return y.transpose(1, 2), last_state
