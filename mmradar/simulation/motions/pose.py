"""Poses that motions return: joint angles, and positions of pelvis and feet, over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Angles = dict[str, np.ndarray]


@dataclass(frozen=True)
class Footing:
    """Positions of pelvis and feet, for motions that are more than joint angles on one spot.

    Lengths are in leg lengths, so that a tall subject takes longer steps. The origin is the place of the performance;
    x is to the right and y forward of its heading, z up.

    Args:
        pelvis: (time, 3); z is the height above a standing ankle, 1 for straight legs.
        ankles: (time, 3) by side, ``'right'`` and ``'left'``; z is the height above a standing ankle, 0 for one of the
            two at any time.
        heading_rad: Heading of the pelvis relative to that of the performance, (time,), positive to the left.
    """

    pelvis: Float[np.ndarray, 'time 3']
    ankles: dict[str, Float[np.ndarray, 'time 3']]
    heading_rad: Float[np.ndarray, 'time']


@dataclass(frozen=True)
class Pose:
    """Pose of a body over time, as a motion returns it.

    Args:
        angles: Arrays (time,) in rad by angle name of :func:`forward_kinematics`.
        footing: Positions of pelvis and feet, from which the leg angles follow; ``None`` if ``angles`` holds the leg
            angles and the pelvis stays at its place.
        sway: Factor on the slow sway of a standing body; 0 for feet that must not slide.
    """

    angles: Angles
    footing: Footing | None = None
    sway: float = 1.0
