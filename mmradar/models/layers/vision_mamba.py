"""Vision Mamba's layer: two selective scans, one from each end of the sequence."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from mmradar.models.layers.selective_ssm import SelectiveSSM, uniform_weight
from mmradar.ops import causal_conv1d, selective_scan
from mmradar.registry import MODELS


class DirectedScan(SelectiveSSM):
    """Causal convolution, SiLU and selective scan in one direction (Mamba, figure 3, right branch).

    Args:
        dims: Channels.
        d_state: State size of a channel.
        d_conv: Width of the convolution.
        dt_rank: Rank of the projection that makes the step sizes.
        reverse: Scan from the last token to the first.
        backend: Backend of :func:`mmradar.ops.selective_scan`.
    """

    def __init__(self, dims: int, d_state: int, d_conv: int, dt_rank: int, reverse: bool, backend: str) -> None:
        super().__init__()
        self.reverse, self.backend = reverse, backend
        self.splits = (dt_rank, d_state, d_state)
        self.conv_weight = uniform_weight(dims, d_conv)
        self.conv_bias = nn.Parameter(torch.zeros(dims))
        self.x_proj = nn.Linear(dims, sum(self.splits), bias=False)
        self.dt_weight = uniform_weight(dims, dt_rank)
        self.add_state_space(dims, d_state)

    def forward(self, x: Float[Tensor, 'batch length dims']) -> Float[Tensor, 'batch length dims']:
        x = causal_conv1d(x, self.conv_weight, self.conv_bias, 'silu', reverse=self.reverse)
        dt, B, C = self.x_proj(x).split(self.splits, dim=-1)
        return selective_scan(
            x,
            linear(dt, self.dt_weight),
            self.A,
            B,
            C,
            self.D,
            delta_bias=self.dt_bias,
            delta_softplus=True,
            reverse=self.reverse,
            backend=self.backend,
        )


@MODELS.register_module()
class VisionMambaLayer(BaseModule):
    """Bidirectional Mamba layer with pre-norm and residual, linear in the length of the sequence.

    Vision Mamba (Zhu et al., 2024), algorithm 1; the layer of milliMamba's CVMamba encoder.
    :mod:`mmradar.models.converters` converts weights of Vision Mamba's and mamba-ssm's layers.

    Args:
        embed_dims: Width of the tokens.
        expand: Inner width, as a multiple of the token width.
        d_state: State size of an inner channel.
        d_conv: Width of the causal convolution.
        dt_rank: Rank of the step-size projection; width / 16 by default.
        backend: Backend of :func:`mmradar.ops.selective_scan`.
        bidirectional: Scan from both ends. If false, this is a plain Mamba layer (Gu and Dao, 2023), which is causal.
    """

    def __init__(
        self,
        embed_dims: int,
        expand: int = 2,
        d_state: int = 16,
        d_conv: int = 4,
        dt_rank: int | None = None,
        backend: str = 'auto',
        bidirectional: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        inner = expand * embed_dims
        dt_rank = dt_rank or math.ceil(embed_dims / 16)
        self.norm = nn.LayerNorm(embed_dims)
        self.in_proj = nn.Linear(embed_dims, 2 * inner, bias=False)
        sizes = (inner, d_state, d_conv, dt_rank)
        self.forward_scan = DirectedScan(*sizes, reverse=False, backend=backend)
        self.backward_scan = DirectedScan(*sizes, reverse=True, backend=backend) if bidirectional else None
        self.out_proj = nn.Linear(inner, embed_dims, bias=False)

    def forward(self, tokens: Float[Tensor, 'batch length dims']) -> Float[Tensor, 'batch length dims']:
        x, gate = self.in_proj(self.norm(tokens)).chunk(2, dim=-1)
        y = self.forward_scan(x)
        if self.backward_scan is not None:
            y = y + self.backward_scan(x)
        return tokens + self.out_proj(y * silu(gate))

    def uncounted_macs(self, tokens: Float[Tensor, 'batch length dims']) -> dict[str, int]:
        """Return the multiply-accumulates of ``forward`` outside torch's matrix products and convolutions.

        Each token takes three per state element (decay, input, output) and one per tap of the convolution.
        """
        scans = [scan for scan in (self.forward_scan, self.backward_scan) if scan is not None]
        length = tokens.shape[:2].numel()
        return {
            'selective scan': sum(3 * length * scan.A_log.numel() for scan in scans),
            'causal convolution': sum(length * scan.conv_weight.numel() for scan in scans),
        }
