"""Spatio-temporal block: two streams and their fusion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from hummuss.models.layers.diagonal_ssm import StepOperators
from hummuss.models.layers.gdssm import GDSSM


class SpatioTemporalBlock(BaseModule):
    """Block of two streams of GDSSM layers, spatial-temporal and temporal-spatial, fused with learnt weights.

    The fusion is that of MotionBERT's DSTFormer, our choice, as the paper only says learnable weights: a linear layer
    from the concatenated streams to 2 values, softmax, and a weighted sum for each joint and frame. It is initialised
    to the mean.

    Args:
        embed_dims: Width D.
        spatial: Arguments of the spatial :class:`GDSSM`.
        temporal: Arguments of the temporal :class:`GDSSM`.
    """

    def __init__(self, embed_dims: int, spatial: dict, temporal: dict, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.spatial = nn.ModuleList(GDSSM(embed_dims, **spatial) for _ in range(2))
        self.temporal = nn.ModuleList(GDSSM(embed_dims, **temporal) for _ in range(2))
        self.fusion = nn.Linear(2 * embed_dims, 2)
        nn.init.zeros_(self.fusion.weight)
        nn.init.zeros_(self.fusion.bias)

    @property
    def temporal_layers(self) -> Sequence[GDSSM]:
        """The temporal layers of both streams."""
        return cast(Sequence[GDSSM], self.temporal)  # torch's ModuleList has no type for its elements

    def _fuse(self, first: Tensor, second: Tensor) -> Tensor:
        weights = self.fusion(torch.cat([first, second], dim=-1)).softmax(dim=-1)
        return weights[..., :1] * first + weights[..., 1:] * second

    def _over_joints(self, layer: int, x: Float[Tensor, 'batch frames joints dims']) -> Tensor:
        return self.spatial[layer](x.flatten(0, 1)).view_as(x)

    def forward(
        self, x: Float[Tensor, 'batch frames joints dims'], delta_scale: float | Tensor = 1.0
    ) -> Float[Tensor, 'batch frames joints dims']:
        spatial_first = self.temporal[0](self._over_joints(0, x), delta_scale)
        temporal_first = self._over_joints(1, self.temporal[1](x, delta_scale))
        return self._fuse(spatial_first, temporal_first)

    def initial_state(self, batch: int, joints: int) -> list[Tensor]:
        """Return the initial states of both temporal layers, (batch, joints, D / k, states / 2) each."""
        return [layer.ssm.initial_state(batch, joints) for layer in self.temporal_layers]

    def step(
        self, x: Float[Tensor, 'batch joints dims'], states: list[Tensor], operators: Sequence[StepOperators]
    ) -> Float[Tensor, 'batch joints dims']:
        """Process the next frame of a causal block; ``states`` are changed in place."""
        first, second = self.temporal_layers
        spatial_first = first.step(self.spatial[0](x), states[0], operators[0])
        temporal_first = self.spatial[1](second.step(x, states[1], operators[1]))
        return self._fuse(spatial_first, temporal_first)
