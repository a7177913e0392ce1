"""Differences between performances of the same motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Style:
    """Parameters in which one performance of a motion differs from another, drawn once per performance.

    Args:
        rate_hz: Cycles per second. Motions that are naturally quicker or slower than one repetition per cycle (running,
            sitting down) use a fixed multiple of it.
        extent: Factor on the motion's angles; for motions that step, on the swing of the arms and the height or length
            of the steps.
        phase: Position in the cycle at time 0, in cycles.
        side: ``'right'`` or ``'left'``: the limb of one-limb motions, and the direction of a turn.
        carriage: A second free parameter in [0, 1] that each motion uses in its own way (elbow bend, for instance).
    """

    rate_hz: float
    extent: float
    phase: float
    side: str
    carriage: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Style:
        """Draw a style: 0.35 to 0.8 cycles per second, 0.75 to 1.15 of the usual extent, the rest uniformly."""
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
