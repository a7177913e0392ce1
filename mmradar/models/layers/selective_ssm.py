"""Parameters of a selective state-space model."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.ops.precision import computing_type


class SelectiveSSM(BaseModule):
    """Base class of layers that call :func:`mmradar.ops.selective_scan`: A, D and the bias of the step sizes.

    Initialised as in Mamba (Gu and Dao, 2023): steps from 1e-3 to 1e-1, log-uniform; A = -1 ... -d_state; D = 1. As in
    Mamba's training code these parameters do not decay, which mmradar's optimizers respect.

    Attributes:
        dt_bias: Step sizes as the inverse of softplus, (..., dims).
        A_log: Logarithm of -A, (dims, d_state).
        D: Weight of the input in the output, (..., dims).
    """

    dt_bias: nn.Parameter
    A_log: nn.Parameter
    D: nn.Parameter

    def add_state_space(self, dims: int, d_state: int, sets: tuple[int, ...] = ()) -> None:
        """Add the parameters.

        Args:
            dims: Channels.
            d_state: State size of a channel.
            sets: Axes of ``dt_bias`` and ``D`` before the channels, for several scans that share A.
        """
        step = torch.exp(torch.rand(*sets, dims) * math.log(100) + math.log(1e-3))
        self.dt_bias = nn.Parameter(step + torch.log(-torch.expm1(-step)))
        self.A_log = nn.Parameter(torch.arange(1, d_state + 1).float().log().repeat(dims, 1))
        self.D = nn.Parameter(torch.ones(*sets, dims))
        for parameter in (self.dt_bias, self.A_log, self.D):
            # tensors take new attributes, torch's stubs do not say so
            parameter._no_weight_decay = True  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def A(self) -> Float[Tensor, 'dims d_state']:
        """State matrices' diagonals, in the type that the scan computes in."""
        return -torch.exp(self.A_log.to(computing_type(self.A_log)))


def uniform_weight(*shape: int) -> nn.Parameter:
    """Return a weight drawn as in torch's linear layers, uniform to either side of 0 by ``1 / sqrt(shape[-1])``."""
    return nn.Parameter(torch.empty(*shape).uniform_(-1, 1) / math.sqrt(shape[-1]))
