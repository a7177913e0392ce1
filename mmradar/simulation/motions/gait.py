"""Stepping: feet that stay on the ground while the body moves on, and arms that swing against the legs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmradar.simulation.motions.pose import Angles, Footing
from mmradar.simulation.motions.style import Style
from mmradar.simulation.motions.waveforms import ease, wave

# Half the distance between the feet, in leg lengths: the feet stand below the hips.
HALF_STANCE = 0.125

# A path on the ground: maps steps taken to the place (right, forward) in leg lengths and the heading in rad.
Path = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def vector(right: np.ndarray | float, forward: np.ndarray | float, up: np.ndarray | float) -> np.ndarray:
    """Stack three components, each constant or varying with time, to (time, 3)."""
    return np.stack(np.broadcast_arrays(right, forward, up), axis=-1)


def _offset_to_right(
    right: np.ndarray, forward: np.ndarray, heading: np.ndarray, offset: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ground point ``offset`` to the right of a person at (right, forward) with a heading."""
    return right + offset * np.cos(heading), forward + offset * np.sin(heading)


def step_along(path: Path, steps: np.ndarray, lift: float, trail: float = 0.0) -> Footing:
    """Return the footing of a person who steps along a path, each stance foot staying where it is.

    The right foot swings in even steps and the left foot in odd steps. A swing takes the middle 84 % of its step;
    between swings both feet stand. A foot lands where the path will be in the middle of its stance. The pelvis height
    and its rise over the standing leg keep steps of up to 0.6 leg lengths within reach.

    Args:
        path: Path of the pelvis.
        steps: Steps taken, (time,), as a real number.
        lift: How high a swinging ankle rises, in leg lengths.
        trail: How far a swinging ankle trails when it is highest, as a share of its rise.
    """
    right, forward, heading = path(steps)
    # The weight moves over the standing foot.
    pelvis = vector(
        *_offset_to_right(right, forward, heading, -0.03 * np.sin(np.pi * steps)), 0.935 - 0.025 * wave(steps, 0.25)
    )
    ankles = {}
    for side, sign, first in (('right', 1.0, 0), ('left', -1.0, 1)):
        start = first + 2 * np.floor((steps - first) / 2)
        progress = ease((steps - start - 0.08) / 0.84)
        takeoff = _offset_to_right(*path(start - 0.5), sign * HALF_STANCE)
        landing = _offset_to_right(*path(start + 1.5), sign * HALF_STANCE)
        up = lift * 4 * progress * (1 - progress)
        ankles[side] = vector(
            takeoff[0] + progress * (landing[0] - takeoff[0]) + trail * up * np.sin(heading),
            takeoff[1] + progress * (landing[1] - takeoff[1]) - trail * up * np.cos(heading),
            up,
        )
    return Footing(pelvis, ankles, heading)


def swing_against_legs(footing: Footing, style: Style) -> Angles:
    """Return angles of arms that swing against the legs, in any direction of stepping."""
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
