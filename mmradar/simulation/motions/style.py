"""How one performance of a motion differs from the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Style:
    """How one performance of a motion differs from the next; all of it drawn once a sequence.

    Args:
        rate_hz: Cycles a second. Motions that are by nature quicker or slower than one repetition a cycle (running,
            sitting down) take a fixed multiple of it.
        extent: Factor on the motion's angles; for motions that step, on the swing of the arms and the height or length
            of the steps.
        phase: Where in the cycle it starts, in cycles.
        side: ``'right'`` or ``'left'``, for motions of one limb, and the way a turn goes.
        carriage: A second free parameter in [0, 1], read by each motion in its own way (elbow bend, for instance).
    """

    rate_hz: float
    extent: float
    phase: float
    side: str
    carriage: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Style:
        """Between 0.35 and 0.8 cycles a second, 0.75 to 1.15 of the usual extent, anything else evenly."""
        return cls(
            rate_hz=float(rng.uniform(0.35, 0.8)),
            extent=float(rng.uniform(0.75, 1.15)),
            phase=float(rng.uniform()),
            side=str(rng.choice(['right', 'left'])),
            carriage=float(rng.uniform()),
        )

    @property
    def other_side(self) -> str:
        return 'left' if self.side == 'right' else 'right'
