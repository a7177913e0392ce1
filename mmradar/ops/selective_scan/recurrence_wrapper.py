"""Selective scans made from a bare recurrence by adding delta's bias and softplus, direction, D and the gate."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import silu, softplus

from mmradar.ops.precision import computing_type


def wrap_recurrence(recurrence: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., tuple[Tensor, Tensor]]:
    """Build a scan with all arguments of :func:`mmradar.ops.selective_scan` from one of (u, delta, A, B, C) only.

    Args:
        recurrence: Function of positive ``delta`` and tokens from first to last, all in one type, that returns y and
            the last state.
    """

    def scan(u, delta, A, B, C, D, z, delta_bias, delta_softplus, reverse):
        dtype = computing_type(u)
        x, delta, A, B, C = (tensor.to(dtype) for tensor in (u, delta, A, B, C))
        if delta_bias is not None:
            delta = delta + delta_bias.to(dtype)
        if delta_softplus:
            delta = softplus(delta)
        if reverse:
            turned, last_state = recurrence(x.flip(1), delta.flip(1), A, B.flip(1), C.flip(1))
            y = turned.flip(1)
        else:
            y, last_state = recurrence(x, delta, A, B, C)
        if D is not None:
            y = torch.addcmul(y, x, D.to(dtype))
        if z is not None:
            y = y * silu(z.to(dtype))
        return y.to(u.dtype), last_state

    return scan
