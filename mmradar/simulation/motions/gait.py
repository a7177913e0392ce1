"""Stepping: feet that stand still on the ground while the body goes on, and arms that swing against them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmradar.simulation.motions.pose import Angles, Footing
from mmradar.simulation.motions.style import Style
from mmradar.simulation.motions.waveforms import ease, wave

# Half the distance of the feet, in leg lengths: they stand below the hips.
HALF_STANCE = 0.125


# A path on the ground: from steps taken to right and forward in leg lengths, and heading in rad.
Path = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def vector(right: np.ndarray | float, forward: np.ndarray | float, up: np.ndarray | float) -> np.ndarray:
    """The three components, whichever of them vary with time, as (time, 3)."""
    return np.stack(np.broadcast_arrays(right, forward, up), axis=-1)


def _beside(
    right: np.ndarray, forward: np.ndarray, heading: np.ndarray, offset: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """The ground ``offset`` to the right of somebody who stands at (right, forward) with a heading."""
    return right + offset * np.cos(heading), forward + offset * np.sin(heading)


def step_along(path: Path, steps: np.ndarray, lift: float, trail: float = 0.0) -> Footing:
    """Footing of somebody who steps along a path, each stance foot staying where it is.

    The right foot swings in steps 0, 2, 4 and the left one in those between, for the middle 84 % of its step, so that
    both stand in between. A foot lands where the path will be in the middle of its stance. Pelvis heights and their
    rise over the standing leg are such that steps of up to 0.6 leg lengths are within reach.

    Args:
        path: Where the pelvis goes.
        steps: Steps taken, (time,), as a real number.
        lift: How high a swinging ankle rises, in leg lengths.
        trail: How far it hangs back at its highest, as a share of its rise.
    """
    right, forward, heading = path(steps)
    # The weight moves over the standing foot.
    pelvis = vector(*_beside(right, forward, heading, -0.03 * np.sin(np.pi * steps)), 0.935 - 0.025 * wave(steps, 0.25))
    ankles = {}
    for side, sign, first in (('right', 1.0, 0), ('left', -1.0, 1)):
        start = first + 2 * np.floor((steps - first) / 2)
        progress = ease((steps - start - 0.08) / 0.84)
        behind = _beside(*path(start - 0.5), sign * HALF_STANCE)
        ahead = _beside(*path(start + 1.5), sign * HALF_STANCE)
        up = lift * 4 * progress * (1 - progress)
        ankles[side] = vector(
            behind[0] + progress * (ahead[0] - behind[0]) + trail * up * np.sin(heading),
            behind[1] + progress * (ahead[1] - behind[1]) - trail * up * np.cos(heading),
            up,
        )
    return Footing(pelvis, ankles, heading)


def swing_against_legs(footing: Footing, style: Style) -> Angles:
    """Arms that swing against the legs, whichever way the feet go."""
    apart = footing.ankles['left'] - footing.ankles['right']
    ahead = apart[:, 1] * np.cos(footing.heading_rad) - apart[:, 0] * np.sin(footing.heading_rad)
    angles = {'lean_forward': np.full_like(ahead, 0.05)}
    for side, sign in (('right', 1.0), ('left', -1.0)):
        angles |= {
            f'shoulder_flexion_{side}': 0.6 * sign * style.extent * ahead,
            f'shoulder_abduction_{side}': np.full_like(ahead, 0.12),
            f'elbow_flexion_{side}': np.full_like(ahead, 0.2 + 0.6 * style.carriage),
        }
    return angles
