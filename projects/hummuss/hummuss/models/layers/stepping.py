"""All SSMs of a model one frame further."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from hummuss.models.layers.diagonal_ssm import DiagonalSSM, StepOperators
from mmradar.errors import ConfigError
from mmradar.ops.diagonal_ssm import DiscreteSSM, discretise, readout


class Stepping:
    """The weights of several SSMs, made ready for frames.

    The intervals of a camera's timestamps are never alike, so that each frame is discretised anew: for all SSMs at
    once, which takes as long as for one of the small ones.

    Args:
        ssms: Forward ones, of one size of state.

    Raises:
        ConfigError: A bidirectional SSM: what comes later is not known yet.
    """

    def __init__(self, ssms: Sequence[DiagonalSSM]) -> None:
        if any(ssm.num_reversed for ssm in ssms):
            raise ConfigError('a bidirectional DiagonalSSM cannot run frame by frame; build the model with causal=True')
        self.sizes = [ssm.dims for ssm in ssms]
        self.delta, self.A = torch.cat([ssm.delta for ssm in ssms]), torch.cat([ssm.A for ssm in ssms])
        self.readouts = [readout(ssm.C).to(ssm.D.dtype) for ssm in ssms]
        self.state_type = ssms[0].state_type
        self._last: tuple[float | None, list[StepOperators]] = (None, [])

    def after(self, delta_scale: float) -> list[StepOperators]:
        """Of each SSM, for a frame so many training periods after the one before."""
        if self._last[0] != delta_scale:
            frames = zip(
                *(x.to(self.state_type).split(self.sizes) for x in discretise(self.delta, self.A, delta_scale))
            )
            operators = [StepOperators(DiscreteSSM(*frame), read) for frame, read in zip(frames, self.readouts)]
            self._last = (delta_scale, operators)
        return self._last[1]
