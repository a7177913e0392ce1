"""Backends made from a fused forward and a fused backward operator."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from mmradar.ops.native import side_by_side


def fused_scan(
    forward: torch.library.CustomOpDef,  # pyright: ignore[reportPrivateImportUsage]  # not in torch.library's __all__
    backward: Callable[..., list[Tensor]],
    token_type: Callable[..., torch.dtype],
) -> Callable[..., tuple[Tensor, Tensor]]:
    """Build a scan with all arguments of :func:`mmradar.ops.selective_scan`, differentiable once.

    Args:
        forward: Operator of (u, delta, A, B, C, D, z, delta_bias, softplus, reverse, keep) that returns y, the last
            state and, with ``keep``, a tensor for the backward pass. It is given tokens of one type with contiguous
            channels, and parameters that are contiguous float32.
        backward: Operator of (grad_y, grad_last, the eight tensors, the kept tensor, softplus, reverse) that returns
            the gradients of the eight tensors; for absent tensors they may hold anything.
        token_type: Function that returns the type to convert tokens to, given (u, delta, B, C, z); z may be ``None``.
    """

    def keep_inputs(ctx, inputs, output) -> None:
        *tensors, ctx.softplus, ctx.reverse, _ = inputs
        ctx.present = [tensor is not None for tensor in tensors]
        ctx.save_for_backward(*tensors, output[2])
        ctx.set_materialize_grads(False)

    def gradients(ctx, grad_y, grad_last, _):
        *tensors, kept = ctx.saved_tensors
        grad_y = torch.zeros_like(tensors[0]) if grad_y is None else side_by_side(grad_y)
        grad_last = None if grad_last is None else grad_last.contiguous()
        grads = backward(grad_y, grad_last, *tensors, kept, ctx.softplus, ctx.reverse)
        return *(grad if there else None for grad, there in zip(grads, ctx.present)), None, None, None

    forward.register_autograd(gradients, setup_context=keep_inputs)

    def scan(u, delta, A, B, C, D, z, delta_bias, delta_softplus, reverse):
        dtype = token_type(u, delta, B, C, z)
        x, delta, B, C, z = (None if t is None else side_by_side(t.to(dtype)) for t in (u, delta, B, C, z))
        A, D, delta_bias = (None if t is None else t.float().contiguous() for t in (A, D, delta_bias))
        tensors = (x, delta, A, B, C, D, z, delta_bias)
        keep = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
        y, last_state, _ = forward(*tensors, delta_softplus, reverse, keep)
        return y.to(u.dtype), last_state

    return scan
