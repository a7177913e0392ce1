"""mamba-ssm's CUDA kernel, where it is really there. Nobody has run this file on a GPU yet."""

from __future__ import annotations

from torch import Tensor

from mmradar.ops.backends import import_missing


def mamba_ssm_missing() -> str | None:
    """Why mamba-ssm's Mamba-1 kernel cannot be used, or ``None`` if it can.

    The compiled symbol is asked for, not the package: since 2.3.2 a plain install comes without it.
    """
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
    """:func:`mmradar.ops.selective_scan`; mamba-ssm wants tokens last, in one type, and knows one direction."""
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    def turn(x: Tensor | None) -> Tensor | None:
        if x is None:
            return None
        return (x.flip(1) if reverse else x).to(u.dtype).transpose(1, 2).contiguous()

    u, delta, B, C, z = (turn(x) for x in (u, delta, B, C, z))
    A, D, delta_bias = (None if x is None else x.float() for x in (A, D, delta_bias))
    y, last_state = selective_scan_fn(
        u, delta, A, B, C, D, z, delta_bias, delta_softplus, return_last_state=True
    )  # fmt: skip
    y = y.transpose(1, 2)
    return y.flip(1) if reverse else y, last_state
