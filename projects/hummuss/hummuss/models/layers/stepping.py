"""Discretisation of all SSMs of a model for one frame at a time."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from hummuss.models.layers.diagonal_ssm import DiagonalSSM, StepOperators
from mmradar.errors import ConfigError
from mmradar.ops.diagonal_ssm import DiscreteSSM, discretise, readout


class Stepping:
    """Operators of several SSMs for steps over single frames.

    The intervals between a camera's timestamps always differ, so that the SSMs are discretised again for each frame.
    This is done for all SSMs at once, which takes only as long as for a single small one.

    Args:
        ssms: SSMs that run forwards, with the same number of states per channel.

    Raises:
        ConfigError: An SSM is bidirectional and would need later frames.
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
        """Return each SSM's operators for a frame ``delta_scale`` training periods after the previous one."""
        if self._last[0] != delta_scale:
            frames = zip(
                *(x.to(self.state_type).split(self.sizes) for x in discretise(self.delta, self.A, delta_scale))
            )
            operators = [StepOperators(DiscreteSSM(*frame), read) for frame, read in zip(frames, self.readouts)]
            self._last = (delta_scale, operators)
        return self._last[1]
