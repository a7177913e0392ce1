"""Random walks through the room: from place to place, forwards, backwards or sideways, with turns and stops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmradar.simulation.motions.gait import step_along
from mmradar.simulation.motions.pose import Footing
from mmradar.simulation.motions.waveforms import ease

_AREA = (0.6, 0.7)  # the pelvis stays within this to either side, and to front and back, in leg lengths
_LONGEST_STEP = 0.5  # in leg lengths, on average over a way; the longest of a way is 1.2 times as long
_TURN_PER_STEP_RAD = 1.0


@dataclass(frozen=True)
class FreeWalk:
    """Walk of a person through the room.

    Args:
        seed: Seed of the walk, see :func:`free_walk`.
        place_m: Place (x, y) in the room around which the person walks.
        swinging: Sides of the arms that swing against the legs, ``'right'`` or ``'left'``.
    """

    seed: int
    place_m: tuple[float, float]
    swinging: tuple[str, ...] = ()

    def footing(self, time_s: np.ndarray) -> Footing:
        """Return positions of pelvis and feet relative to the place; headings are relative to pi."""
        return free_walk(np.random.default_rng(self.seed), time_s)


def free_walk(rng: np.random.Generator, time_s: np.ndarray) -> Footing:
    """Draw a walk from place to place within 0.6 leg lengths of the origin to either side, 0.7 to front and back.

    Each way has its own cadence, 1.2 to 2.6 steps a second, and length of steps. Two ways of three are walked forwards,
    the others backwards or sideways. Before a way the body turns on the spot; after one of four it stops for a while.

    Args:
        rng: Draws everything. Later times do not change the footing at earlier ones.
        time_s: Times in s, ascending from 0 on.
    """
    end_s, lift = float(np.max(time_s)), float(rng.uniform(0.05, 0.2))
    places, headings = [rng.uniform(-1, 1, 2) * _AREA], [float(rng.uniform(-0.6, 0.6))]
    times, steps = [0.0], [float(rng.integers(2))]  # phases: a turn, a way, a stop, a turn, ...

    def until(seconds: float, count: float, place: np.ndarray, heading: float) -> None:
        times.append(times[-1] + seconds)
        steps.append(steps[-1] + count)  # whole steps, so that a stop is not in the middle of one
        places.append(place)
        headings.append(heading)

    # a foot lands where the path will be one and a half steps later
    while times[-1] <= end_s or steps[-1] < np.interp(end_s, times, steps) + 3:
        draws = [rng.uniform(-1, 1, 2) * _AREA for _ in range(2)]
        place = max(draws, key=lambda there: float(np.linalg.norm(there - places[-1])))
        way = place - places[-1]
        aside = rng.choice([0.0, np.pi, np.pi / 2, -np.pi / 2], p=[0.67, 0.13, 0.1, 0.1])
        heading = float(np.arctan2(-way[0], way[1]) + aside)
        heading = headings[-1] + (heading - headings[-1] + np.pi) % (2 * np.pi) - np.pi  # the shorter turn
        cadence_hz, step = rng.uniform(1.2, 2.6), rng.uniform(0.3, _LONGEST_STEP)
        if abs(aside) == np.pi / 2:
            step *= 0.6
        turn = np.ceil(abs(heading - headings[-1]) / _TURN_PER_STEP_RAD)
        until(turn / cadence_hz, turn, places[-1], heading)
        count = np.ceil(np.linalg.norm(way) / step)
        until(count / cadence_hz, count, place, heading)
        stop_s = float(rng.uniform(0.2, 2.0)) if rng.uniform() < 0.25 else 0.0
        until(stop_s, 0.0, place, heading)

    knots, at = np.asarray(steps), np.stack([*np.transpose(places), headings], axis=-1)

    def path(taken: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        phase = np.clip(np.searchsorted(knots, taken, side='right') - 1, 0, len(knots) - 2)
        length = knots[phase + 1] - knots[phase]
        share = np.clip((taken - knots[phase]) / np.where(length > 0, length, 1), 0, 1)
        share = (0.6 * share + 0.4 * ease(share))[..., None]
        right, forward, heading = np.moveaxis(at[phase] + share * (at[phase + 1] - at[phase]), -1, 0)
        return right, forward, heading

    return step_along(path, np.interp(time_s, times, steps), lift)
