"""Limbs that go from one random pose to the next: what no named motion does, within what joints allow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmradar.simulation.motions.pose import Angles
from mmradar.simulation.motions.waveforms import ease

# From and to, in rad, of the angles of forward_kinematics; nearly what healthy joints do.
ARM_RANGES = {'shoulder_flexion': (-0.6, 2.6), 'shoulder_abduction': (0.05, 2.3), 'elbow_flexion': (0.0, 2.2)}
LEG_RANGES = {'hip_flexion': (-0.2, 1.1), 'hip_abduction': (0.0, 0.5), 'knee_flexion': (0.0, 1.5)}
TRUNK_RANGES = {'lean_forward': (-0.1, 0.6), 'lean_right': (-0.25, 0.25), 'twist': (-0.6, 0.6), 'nod': (-0.2, 0.3)}


def free_limb(
    rng: np.random.Generator,
    ranges: dict[str, tuple[float, float]],
    time_s: np.ndarray,
    names: Sequence[str] = (),
    durations_s: tuple[float, float] = (0.35, 1.4),
    extent: float = 1.0,
) -> Angles:
    """Angles of one limb that moves from pose to pose, resting shortly in some.

    Args:
        rng: Draws poses and how long each way takes.
        ranges: From and to of each angle, in rad.
        time_s: When, ascending from 0 on.
        names: Names of the angles, if not those of ``ranges``.
        durations_s: The shortest and the longest way, in s.
        extent: How much of the ranges is used, around their lower end.

    Returns:
        Arrays (time,) by name.
    """
    low, high = (np.array([bounds[place] for bounds in ranges.values()]) for place in (0, 1))
    end_s, times, poses = float(np.max(time_s)), [0.0], [low + extent * (high - low) * rng.uniform(size=len(low))]
    while times[-1] <= end_s:
        rest = rng.uniform() < 0.3
        pose = poses[-1] if rest else low + extent * (high - low) * rng.uniform(size=len(low))
        times.append(times[-1] + rng.uniform(*durations_s))
        poses.append(pose)
    starts, keys = np.asarray(times), np.asarray(poses)
    place = np.clip(np.searchsorted(starts, time_s, side='right') - 1, 0, len(starts) - 2)
    share = ease((time_s - starts[place]) / (starts[place + 1] - starts[place]))[:, None]
    angles = keys[place] + share * (keys[place + 1] - keys[place])
    return dict(zip(names or ranges, angles.T))


def of_side(ranges: dict[str, tuple[float, float]], side: str) -> list[str]:
    """Names of the angles of one side's limb."""
    return [f'{name}_{side}' for name in ranges]
