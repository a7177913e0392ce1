"""Procedural motions: smooth functions of time, so that Doppler comes from movement and not from a formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mmradar.errors import ConfigError
from mmradar.simulation.motions.forward_kinematic import (
    bow,
    circle_arms,
    kick,
    march,
    punch,
    raise_arms_forward,
    raise_arms_sideways,
    raise_one_arm,
    side_lunge,
    squat,
    stand,
    stand_still,
    swing_arms,
    twist,
    wave_hand,
)
from mmradar.simulation.motions.inverse_kinematic import (
    front_lunge,
    run_in_place,
    sit_down,
    turn,
    walk,
    walk_to_and_fro,
)
from mmradar.simulation.motions.pose import Pose
from mmradar.simulation.motions.style import Style

# The default plan has the first twelve; add new motions at the end.
MOTIONS: dict[str, Callable[[np.ndarray, Style], Pose]] = {
    'stand': stand,
    'march': march,
    'squat': squat,
    'raise_arms_sideways': raise_arms_sideways,
    'raise_arms_forward': raise_arms_forward,
    'raise_one_arm': raise_one_arm,
    'wave_hand': wave_hand,
    'punch': punch,
    'kick': kick,
    'side_lunge': side_lunge,
    'bow': bow,
    'twist': twist,
    'stand_still': stand_still,
    'walk': walk,
    'walk_to_and_fro': walk_to_and_fro,
    'run_in_place': run_in_place,
    'turn': turn,
    'front_lunge': front_lunge,
    'sit_down': sit_down,
    'swing_arms': swing_arms,
    'circle_arms': circle_arms,
}


def check_motions(names: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return names of procedural motions after checking them; all if ``None``.

    Raises:
        ConfigError: A name is not one of ``MOTIONS``.
    """
    if unknown := set(names or ()) - set(MOTIONS):
        raise ConfigError(f'unknown motion {min(unknown)!r}; known are {", ".join(MOTIONS)}')
    return tuple(MOTIONS if names is None else names)
