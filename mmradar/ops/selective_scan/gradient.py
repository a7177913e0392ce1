"""Ties a fused forward operator to its backward one: the same for every fused backend."""

from __future__ import annotations

from collections.abc import Callable

import torch

from mmradar.ops.native import side_by_side


def register_gradient(forward: torch.library.CustomOpDef, backward: Callable[..., list[torch.Tensor]]) -> None:
    """Make a fused scan differentiable, once.

    Args:
        forward: Operator of (u, delta, A, B, C, D, z, delta_bias, softplus, reverse, keep) that returns y, the last
            state, and with ``keep`` what the backward pass starts from.
        backward: Operator of (grad_y, grad_last, the eight tensors, what was kept, softplus, reverse) that returns the
            gradients of the eight; those of absent ones may hold anything.
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


def fused_inputs(
    u: torch.Tensor,
    delta: torch.Tensor,
    A: torch.Tensor,
    B: torch.Tensor,
    C: torch.Tensor,
    D: torch.Tensor | None,
    z: torch.Tensor | None,
    delta_bias: torch.Tensor | None,
    token_type: torch.dtype,
) -> tuple[tuple[torch.Tensor | None, ...], bool]:
    """The eight tensors as a fused kernel wants them, and whether a backward pass is to come.

    Tokens get one type and channels side by side, parameters become contiguous float32.
    """
    u, delta, B, C, z = (None if x is None else side_by_side(x.to(token_type)) for x in (u, delta, B, C, z))
    A, D, delta_bias = (None if x is None else x.float().contiguous() for x in (A, D, delta_bias))
    tensors = (u, delta, A, B, C, D, z, delta_bias)
    return tensors, torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in tensors)
