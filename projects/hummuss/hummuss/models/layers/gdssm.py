"""Gated diagonal SSM layer."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Complex, Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import gelu

from hummuss.models.layers.diagonal_ssm import DiagonalSSM, StepOperators
from mmradar.errors import ConfigError
from mmradar.registry import MODELS


@MODELS.register_module()
class GDSSM(BaseModule):
    """Gated diagonal SSM layer (HumMUSS, section on GDSSM), over the second axis of its input.

    Bidirectional, after BiGS (Wang et al., 2022)::

        v = gelu(W_v norm(x)),  f = gelu(W_f norm(x)),  b = gelu(W_b norm(x))
        gate = gelu(W_c (SSM_forward(f) * SSM_backward(b))),  x + W_o (gate * v)

    Causal, after GSS (Mehta et al., 2022)::

        v = gelu(W_v norm(x)),  f = gelu(W_f norm(x)),  x + W_o (W_c SSM(f) * v)

    The paper reduces the width by k = 2 in temporal layers. We apply this to the width of f and b, and so of the SSMs,
    as in GSS; this is our interpretation, made without the paper's exact sentence. The expansion of v is our choice.

    Args:
        embed_dims: Width D of the residual stream.
        expansion: Width of v and the gate divided by D; 3 in BiGS.
        reduction: Reduction k; the SSMs have D / k channels in each direction.
        state_dims: Number of states of each SSM channel.
        causal: Run forwards only.
        delta_range: Smallest and largest initial step size of the SSMs.
        method: See :class:`DiagonalSSM`.
        dropout: Dropout probability after the output projection.
        memory: Bound of the SSMs' time constants in frames, see :class:`DiagonalSSM`.
    """

    def __init__(
        self,
        embed_dims: int,
        expansion: float = 3,
        reduction: int = 1,
        state_dims: int = 32,
        causal: bool = False,
        delta_range: tuple[float, float] = (1e-3, 1e-1),
        method: str = 'auto',
        dropout: float = 0.0,
        memory: float | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if embed_dims % reduction:
            raise ConfigError(f'GDSSM: {embed_dims} channels cannot be reduced by {reduction}')
        self.causal = causal
        wide, narrow = int(embed_dims * expansion), embed_dims // reduction
        mixed = narrow if causal else 2 * narrow
        self.splits = (wide, mixed)
        self.norm = nn.LayerNorm(embed_dims)
        self.in_proj = nn.Linear(embed_dims, wide + mixed)  # W_v, W_f and W_b
        self.ssm = DiagonalSSM(mixed, state_dims, not causal, delta_range, method, memory)
        self.gate_proj = nn.Linear(narrow, wide)
        self.out_proj = nn.Linear(wide, embed_dims)
        self.dropout = nn.Dropout(dropout)

    def _around(self, x: Tensor, mix: Callable[[Tensor], Tensor]) -> Tensor:
        v, u = gelu(self.in_proj(self.norm(x))).split(self.splits, dim=-1)
        y = mix(u)
        if self.causal:
            gate = self.gate_proj(y)
        else:
            forward, backward = y.chunk(2, dim=-1)
            gate = gelu(self.gate_proj(forward * backward))
        return x + self.dropout(self.out_proj(gate * v))

    def forward(
        self, x: Float[Tensor, 'batch length *others dims'], delta_scale: float | Tensor = 1.0
    ) -> Float[Tensor, 'batch length *others dims']:
        """Run over whole sequences; ``delta_scale`` is a number, (batch,) or (batch, length)."""
        return self._around(x, lambda u: self.ssm(u, delta_scale))

    def step(
        self, x: Float[Tensor, '*batch dims'], state: Complex[Tensor, '*batch narrow pairs'], operators: StepOperators
    ) -> Float[Tensor, '*batch dims']:
        """Process the next frame of a causal layer; see :meth:`DiagonalSSM.step`."""
        return self._around(x, lambda u: self.ssm.step(u, state, operators))
