"""Optimizer whose steps have equal size in all directions of a weight matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.adamw import adamw

from mmradar.registry import OPTIMIZERS

_QUINTIC = (3.4445, -4.7750, 2.0315)  # coefficients of Jordan's polynomial, which is steep at 0


@OPTIMIZERS.register_module()
class MuonAdamW(Optimizer):
    """Optimizer that updates matrices with Muon and all other parameters with AdamW.

    Muon (Jordan et al., 2024) replaces the momentum of a matrix by the nearest orthogonal matrix, so that rare
    directions of the gradient are learnt as fast as common ones. Its steps are scaled to the root mean square of Adam's
    (Liu et al., Muon is scalable for LLM training, 2025), so that one learning rate fits both. A convolution's weight
    is a matrix of (output channels, all other axes). Parameter groups with ``matrix=True`` are matrices;
    :class:`~mmradar.engine.optim_wrappers.MuonOptimWrapperConstructor` sets it.

    ``torch.optim.Muon`` computes in bfloat16, which is slow on processors without bfloat16 instructions, and does not
    accept convolutions.

    Args:
        params: Parameters or parameter groups.
        lr: Learning rate.
        weight_decay: Decoupled weight decay of both Muon and AdamW.
        momentum: Nesterov momentum of Muon.
        newton_schulz_steps: Iterations towards the orthogonal matrix.
        betas, eps: See AdamW.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict],
        lr: float = 2e-3,
        weight_decay: float = 0.01,
        momentum: float = 0.95,
        newton_schulz_steps: int = 5,
        betas: tuple[float, float] = (0.9, 0.99),
        eps: float = 1e-8,
    ) -> None:
        defaults = dict(
            lr=lr,
            weight_decay=weight_decay,
            momentum=momentum,
            newton_schulz_steps=newton_schulz_steps,
            betas=tuple(betas),
            eps=eps,
            matrix=False,
        )
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Take one step; return the loss of ``closure``, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            pairs = [(parameter, parameter.grad) for parameter in group['params'] if parameter.grad is not None]
            if group['matrix']:
                for parameter, gradient in pairs:
                    self._muon(parameter, gradient, group)
            elif pairs:
                self._adamw([parameter for parameter, _ in pairs], [gradient for _, gradient in pairs], group)
        return loss

    def _muon(self, parameter: Tensor, gradient: Tensor, group: dict) -> None:
        state = self.state[parameter]
        if not state:
            state['momentum'] = torch.zeros_like(parameter)
        state['momentum'].lerp_(gradient, 1 - group['momentum'])
        update = gradient.lerp(state['momentum'], group['momentum']).flatten(1)
        size = 0.2 * max(update.shape) ** 0.5
        parameter.mul_(1 - group['lr'] * group['weight_decay'])
        update = orthogonalised(update, group['newton_schulz_steps'])
        parameter.add_(update.view_as(parameter), alpha=-group['lr'] * size)

    def _adamw(self, parameters: list[Tensor], gradients: list[Tensor], group: dict) -> None:
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter].update(
                    step=torch.zeros((), device=parameter.device),
                    exp_avg=torch.zeros_like(parameter),
                    exp_avg_sq=torch.zeros_like(parameter),
                )
        states = [self.state[parameter] for parameter in parameters]
        adamw(
            parameters,
            gradients,
            [state['exp_avg'] for state in states],
            [state['exp_avg_sq'] for state in states],
            [],
            [state['step'] for state in states],
            fused=True,
            amsgrad=False,
            beta1=group['betas'][0],
            beta2=group['betas'][1],
            lr=group['lr'],
            weight_decay=group['weight_decay'],
            eps=group['eps'],
            maximize=False,
        )


def orthogonalised(matrix: Tensor, steps: int = 5) -> Tensor:
    """Return a matrix with the same singular vectors and all singular values between 0.7 and 1.2 (Newton-Schulz).

    Args:
        matrix: (rows, columns).
        steps: Iterations; each triples the small singular values.
    """
    a, b, c = _QUINTIC
    tall = len(matrix) > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp_min(1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
