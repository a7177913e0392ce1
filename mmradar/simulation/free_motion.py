"""Random movements of limbs from pose to pose, which no named motion has, within the ranges of the joints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmradar.simulation.motions.pose import Angles
from mmradar.simulation.motions.waveforms import ease

# Lowest and highest value, in rad, of angles of forward_kinematics: nearly the ranges of healthy joints.
ARM_RANGES = {'shoulder_flexion': (-0.6, 2.6), 'shoulder_abduction': (0.05, 2.3), 'elbow_flexion': (0.0, 2.2)}
LEG_RANGES = {'hip_flexion': (-0.2, 1.1), 'hip_abduction': (0.0, 0.5), 'knee_flexion': (0.0, 1.5)}
TRUNK_RANGES = {'lean_forward': (-0.1, 0.6), 'lean_right': (-0.25, 0.25), 'twist': (-0.6, 0.6), 'nod': (-0.2, 0.3)}

# Lowest and highest value and value at rest, in rad, for recorded people: arms cross the body and rotate, and knees
# go everywhere.
WIDE_ARM = {
    'shoulder_flexion': (-0.8, 2.9, 0.1),
    'shoulder_abduction': (-0.5, 2.5, 0.15),
    'shoulder_rotation': (-1.2, 1.2, 0.0),
    'elbow_flexion': (0.0, 2.5, 0.3),
}
WIDE_LEG = {
    'hip_flexion': (-0.4, 1.4, 0.05),
    'hip_abduction': (-0.15, 0.6, 0.05),
    'hip_rotation': (-0.5, 0.5, 0.0),
    'knee_flexion': (0.0, 1.9, 0.1),
}
WIDE_TRUNK = {
    'lean_forward': (-0.2, 0.9, 0.05),
    'lean_right': (-0.35, 0.35, 0.0),
    'twist': (-0.8, 0.8, 0.0),
    'nod': (-0.4, 0.5, 0.05),
}

# Arms that wave: also behind the head and across the face. The values at rest have no effect.
WAVING_ARM = WIDE_ARM | {'shoulder_rotation': (-1.7, 1.7, 0.0), 'elbow_flexion': (0.3, 2.5, 0.3)}
_GRAVITY_M_PER_S2 = 9.81


def restless_limb(
    rng: np.random.Generator,
    ranges: dict[str, tuple[float, float, float]],
    time_s: np.ndarray,
    names: Sequence[str] = (),
    extent: float = 1.0,
) -> Angles:
    """Draw angles of one limb that rests, moves to another pose slowly or quickly, and at times shakes.

    A third of the poses are near rest, the others anywhere within the ranges.

    Args:
        rng: Draws everything. Later times do not change the angles at earlier ones.
        ranges: Lowest value, highest value and value at rest of each angle, in rad.
        time_s: Times in s, ascending from 0 on.
        names: Names of the angles, if not those of ``ranges``.
        extent: Share of the ranges that is used, around rest.

    Returns:
        Arrays (time,) by name.
    """
    low, high, rest = (np.array([bounds[place] for bounds in ranges.values()]) for place in (0, 1, 2))
    low, high = rest + extent * (low - rest), rest + extent * (high - rest)

    def pose() -> np.ndarray:
        anywhere, near_rest = rng.uniform(low, high), rest + 0.12 * (high - low) * rng.normal(size=len(rest))
        return np.clip(near_rest if rng.uniform() < 0.35 else anywhere, low, high)

    rate_hz, phase = rng.uniform(0.5, 3.0), rng.uniform(size=len(rest))
    end_s, times, poses, shakes = float(np.max(time_s)), [0.0], [pose()], [0.0]
    while times[-1] <= end_s:
        stays = rng.uniform() < 0.35
        times.append(times[-1] + float(np.exp(rng.uniform(np.log(0.25), np.log(2.0)))))
        poses.append(poses[-1] if stays else pose())
        shakes.append(float(rng.uniform(0.05, 0.25)) if rng.uniform() < 0.3 else 0.0)
    angles, size = _between_keys(times, poses, time_s), _between_keys(times, shakes, time_s)
    angles = angles + size[:, None] * (high - low) * np.sin(2 * np.pi * (rate_hz * time_s[:, None] + phase))
    return dict(zip(names or ranges, np.clip(angles, low, high).T))


def waving_limb(
    rng: np.random.Generator,
    ranges: dict[str, tuple[float, float, float]],
    time_s: np.ndarray,
    names: Sequence[str] = (),
) -> Angles:
    """Draw angles of one limb that stays near one pose and swings about it, 0.6 to 3.5 times a second.

    One or two of the angles swing, by up to 0.7 rad to each side, the faster the less; they rest now and then.

    Args:
        rng: Draws everything.
        ranges: Lowest value, highest value and value at rest of each angle, in rad; the last is not used.
        time_s: Times in s.
        names: Names of the angles, if not those of ``ranges``.

    Returns:
        Arrays (time,) by name.
    """
    low, high = (np.array([bounds[place] for bounds in ranges.values()]) for place in (0, 1))
    pose, rate_hz = rng.uniform(low, high), float(np.exp(rng.uniform(np.log(0.6), np.log(3.5))))
    swings = np.zeros(len(ranges))
    moving = rng.choice(len(ranges), int(rng.integers(1, 3)), replace=False)
    swings[moving] = rng.uniform(0.2, 0.7, len(moving)) * min(1.0, 2.0 / rate_hz)
    phases, pause_hz, pause = rng.uniform(size=len(ranges)), rng.uniform(0.05, 0.4), rng.uniform()
    active = ease(1.5 + 2 * np.sin(2 * np.pi * (pause_hz * np.asarray(time_s) + pause)))[:, None]
    angles = pose + active * swings * np.sin(2 * np.pi * (rate_hz * np.asarray(time_s)[:, None] + phases))
    return dict(zip(names or ranges, np.clip(angles, low, high).T))


def free_jumps(rng: np.random.Generator, time_s: np.ndarray) -> tuple[Angles, np.ndarray]:
    """Draw jumps on the spot, one after another: on the ground the knees bend, in the air legs tuck or spread.

    Returns:
        Angles of legs and trunk, and the height of the feet above the ground in m, (time,).
    """
    period_s = float(np.exp(rng.uniform(np.log(0.45), np.log(2.5))))
    longest_s = 0.7 * period_s  # in the air
    height_m = min(float(rng.uniform(0.03, 0.4)), _GRAVITY_M_PER_S2 * longest_s**2 / 8)
    flight_s = np.sqrt(8 * height_m / _GRAVITY_M_PER_S2)
    since_s = (np.asarray(time_s) + rng.uniform() * period_s) % period_s
    air = np.clip(since_s / flight_s, 0, 1)
    ground = np.clip((since_s - flight_s) / (period_s - flight_s), 0, 1)
    crouch, in_air = np.sin(np.pi * ground) ** 2, np.sin(np.pi * air) ** 2
    bend = rng.uniform(0.2, 0.8) * crouch + rng.uniform(0, 0.5) * in_air
    angles = {'lean_forward': rng.uniform(0, 0.6) * crouch}
    apart = rng.uniform(0.02, 0.3) + rng.uniform(0, 0.3) * in_air
    for side in ('right', 'left'):
        angles |= {
            f'hip_flexion_{side}': 1.1 * bend,
            f'knee_flexion_{side}': 1.7 * bend,
            f'hip_abduction_{side}': apart,
        }
    return angles, height_m * 4 * air * (1 - air)


def wander(rng: np.random.Generator, time_s: np.ndarray, sizes: Sequence[float], most_hz: float = 0.25) -> np.ndarray:
    """Draw slow movements to and fro, one per column, (time, len(sizes)).

    Each is a sum of three sine waves whose amplitudes sum to its entry of ``sizes``.
    """
    waves = len(sizes), 3
    rates, phases = rng.uniform(0.02, most_hz, waves), rng.uniform(size=waves)
    shares = rng.dirichlet(np.ones(3), len(sizes)) * np.asarray(sizes)[:, None]
    return (shares * np.sin(2 * np.pi * (rates * np.asarray(time_s)[:, None, None] + phases))).sum(-1)


def free_limb(
    rng: np.random.Generator,
    ranges: dict[str, tuple[float, float]],
    time_s: np.ndarray,
    names: Sequence[str] = (),
    durations_s: tuple[float, float] = (0.35, 1.4),
    extent: float = 1.0,
) -> Angles:
    """Draw angles of one limb that moves from pose to pose, resting briefly in some.

    Args:
        rng: Draws the poses and the duration of each move.
        ranges: Lowest and highest value of each angle, in rad.
        time_s: Times in s, ascending from 0 on.
        names: Names of the angles, if not those of ``ranges``.
        durations_s: Shortest and longest duration of a move, in s.
        extent: Share of the ranges that is used, from their lower end on.

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
    return dict(zip(names or ranges, _between_keys(times, poses, time_s).T))


def _between_keys(key_times_s: Sequence[float], keys: Sequence[Any], time_s: np.ndarray) -> np.ndarray:
    """Return values between key frames, (time, ...), each reached at its time without a jump of speed."""
    starts, values = np.asarray(key_times_s), np.asarray(keys)
    place = np.clip(np.searchsorted(starts, time_s, side='right') - 1, 0, len(starts) - 2)
    share = ease((time_s - starts[place]) / (starts[place + 1] - starts[place]))
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return values[place] + share * (values[place + 1] - values[place])


def of_side(ranges: Mapping[str, tuple[float, ...]], side: str) -> list[str]:
    """Return the names of the angles of one side's limb."""
    return [f'{name}_{side}' for name in ranges]
