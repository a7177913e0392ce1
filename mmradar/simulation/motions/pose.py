"""What a motion asks of a body at every moment: joint angles, and where pelvis and feet are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Angles = dict[str, np.ndarray]


@dataclass(frozen=True)
class Footing:
    """Where a motion puts the pelvis and the feet, for motions that are more than joint angles on one spot.

    Lengths are in leg lengths, so that a tall subject takes longer steps; axes are x to the right and y forward of the
    place and heading of the performance, z up.

    Args:
        pelvis: (time, 3); z above a standing ankle, 1 for straight legs.
        ankles: (time, 3) by side, ``'right'`` and ``'left'``; z above a standing ankle, one of the two being 0.
        heading_rad: Where the pelvis faces, (time,), counted from the performance's heading, positive to the left.
    """

    pelvis: Float[np.ndarray, 'time 3']
    ankles: dict[str, Float[np.ndarray, 'time 3']]
    heading_rad: Float[np.ndarray, 'time']


@dataclass(frozen=True)
class Pose:
    """What a motion asks of the body.

    Args:
        angles: Arrays (time,) in rad by angle name of :func:`forward_kinematics`.
        footing: Where pelvis and feet are; the angles of the legs follow from it. None where ``angles`` has them and
            the pelvis stays at its place.
        sway: Factor on the slow sway of a standing body; 0 where the feet must not slide.
    """

    angles: Angles
    footing: Footing | None = None
    sway: float = 1.0
