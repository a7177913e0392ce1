"""Routine of one subject: motions that follow and blend into each other, with arms and legs partly independent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from jaxtyping import Float

from mmradar.simulation.free_motion import (
    ARM_RANGES,
    LEG_RANGES,
    TRUNK_RANGES,
    WAVING_ARM,
    WIDE_ARM,
    WIDE_LEG,
    WIDE_TRUNK,
    free_jumps,
    free_limb,
    of_side,
    restless_limb,
    wander,
    waving_limb,
)
from mmradar.simulation.free_walk import FreeWalk
from mmradar.simulation.motions.gait import swing_against_legs
from mmradar.simulation.motions.pose import Angles
from mmradar.simulation.motions.style import Style
from mmradar.simulation.motions.waveforms import ease
from mmradar.simulation.performance import MIDDLE_M, Performance, Posture, footing_angles, is_seen_whole
from mmradar.simulation.skeleton import LIMB_ANGLES, TRUNK_ANGLES, Subject, rotation

_ARM_ANGLES = tuple(name for name in LIMB_ANGLES if name.startswith(('shoulder', 'elbow')))
_ALL_ANGLES = (*TRUNK_ANGLES, *(f'{name}_{side}' for name in LIMB_ANGLES for side in ('right', 'left')))
# Steps of a 5-dimensional additive recurrence, which spreads points evenly (Roberts, 2018). The base solves
# x^5 = x + 1, so the last two steps sum to 1: the fourth and fifth coordinates of a point determine each other.
# Another base would change the bytes of the named sets.
_STEPS = 1.1673039782614187 ** -np.arange(1, 6)


@dataclass(frozen=True)
class Act:
    """Part of a :class:`Routine`.

    Args:
        start_s, blend_s: When the act begins to replace the previous one, and how long the transition takes, in s.
        performance: Motion of trunk, legs and those arms that are ``None`` in ``arms``.
        arms: Motion of the right and of the left arm: another performance to take it from, the seed of a free
            movement, or ``None`` to follow ``performance``.
        free_seed: Seed of a free movement of trunk and legs; ``None`` to follow ``performance``.
        variety: Free movements: 0 for :func:`free_limb`, 1 for :func:`restless_limb`, 2 for the latter, with arms that
            wave and bodies that jump among them.
    """

    start_s: float
    blend_s: float
    performance: Performance
    arms: tuple[Performance | int | None, Performance | int | None] = (None, None)
    free_seed: int | None = None
    variety: int = 0

    def posture(self, time_s: np.ndarray) -> Posture:
        """Return the posture in this act, without blending with other acts."""
        posture = self.performance.posture(time_s)
        angles = {name: np.broadcast_to(posture.angles.get(name, 0.0), time_s.shape) for name in _ALL_ANGLES}
        lift_m = np.zeros_like(time_s)
        if self.free_seed is not None and self.variety == 2 and _one_in(4, self.free_seed):
            jumping, lift_m = free_jumps(np.random.default_rng(self.free_seed), time_s)
            angles |= jumping
        elif self.free_seed is not None:
            angles |= (_restless_body if self.variety else _free_body)(self.free_seed, time_s)
        for side, arm in zip(('right', 'left'), self.arms):
            if isinstance(arm, Performance):
                other = arm.posture(time_s).angles
                angles |= {f'{name}_{side}': other.get(f'{name}_{side}', 0.0 * time_s) for name in _ARM_ANGLES}
            elif arm is not None and self.variety == 2 and _one_in(4, arm):
                rng = np.random.default_rng(arm)
                angles |= waving_limb(rng, WAVING_ARM, time_s, of_side(WAVING_ARM, side))
            elif arm is not None and self.variety:
                rng = np.random.default_rng(arm)
                extent = rng.uniform(0.3, 1.0)
                angles |= restless_limb(rng, WIDE_ARM, time_s, of_side(WIDE_ARM, side), extent)
            elif arm is not None:
                rng = np.random.default_rng(arm)
                angles |= free_limb(rng, ARM_RANGES, time_s, of_side(ARM_RANGES, side), extent=rng.uniform(0.4, 1.0))
        return replace(posture, angles=angles, lift_m=lift_m)


def _one_in(count: int, seed: int) -> bool:
    """Return whether a random seed is one of those, one in ``count``, that draw something else."""
    return seed % count == 0


def _free_body(seed: int, time_s: np.ndarray) -> Angles:
    """Draw a free movement of trunk and legs; in two of three bodies one leg stands and moves less."""
    # one generator per limb, since the number of draws depends on how far the times extend
    rng, trunk, *legs = (np.random.default_rng([seed, limb]) for limb in range(4))
    slow = (0.5, 1.6)
    standing = str(rng.choice(['right', 'left', 'both']))
    angles = free_limb(trunk, TRUNK_RANGES, time_s, durations_s=slow, extent=rng.uniform(0.3, 1.0))
    for side, leg in zip(('right', 'left'), legs):
        extent = rng.uniform(0.5, 1.0) * (0.25 if standing == side else 1.0)
        angles |= free_limb(leg, LEG_RANGES, time_s, of_side(LEG_RANGES, side), durations_s=slow, extent=extent)
    return angles


def _restless_body(seed: int, time_s: np.ndarray) -> Angles:
    """Draw a free movement of trunk and legs as in recordings of people: wider and less regular."""
    rng, trunk, *legs = (np.random.default_rng([seed, limb]) for limb in range(4))
    standing = str(rng.choice(['right', 'left', 'both', 'neither']))
    angles = restless_limb(trunk, WIDE_TRUNK, time_s, extent=rng.uniform(0.1, 0.9))
    for side, leg in zip(('right', 'left'), legs):
        extent = rng.uniform(0.3, 1.0) * (0.25 if standing in (side, 'both') else 1.0)
        angles |= restless_limb(leg, WIDE_LEG, time_s, of_side(WIDE_LEG, side), extent)
    return angles


@dataclass(frozen=True)
class Routine:
    """Several acts of one subject at one place, one after another.

    People do not repeat one motion for a minute, and their arms do not wait for their legs. Acts therefore follow and
    blend into each other, and in about half of them each arm takes another motion or moves freely.

    Args:
        subject: The person who performs.
        acts: Parts in order of time; the first holds from time 0.
        wander_seed: Seed of slow drifts of the body's position and heading; ``None`` for no drift.
        carriage: Constant offsets of joint angles, in rad, as (name, angle); used only with ``wander_seed``.
        walk: Walk through the room, which replaces the acts' legs, places and headings; ``None`` for acts at one place.
        lift_m: Height of the ground that the subject stands on.
    """

    subject: Subject
    acts: tuple[Act, ...]
    wander_seed: int | None = None
    carriage: tuple[tuple[str, float], ...] = ()
    walk: FreeWalk | None = None
    lift_m: float = 0.0

    @classmethod
    def random(
        cls,
        subject: Subject,
        motions: list[str],
        number: int,
        duration_s: float,
        rng: np.random.Generator,
        varied: int = 0,
    ) -> Routine:
        """Draw a routine of a given duration, with acts of 2.5 to 5 s.

        Motions come in a shuffled order; each occurs once before any occurs again. A low-discrepancy sequence spreads
        rate, extent, phase, carriage and heading evenly over the acts of all routines together.

        Args:
            subject: The person who performs.
            motions: Names of ``MOTIONS``.
            number: Index of the routine in the data set; its acts continue the order of the previous routine's.
            duration_s: Duration in s.
            rng: Draws everything else.
            varied: How far to imitate recordings of people. 1: each arm moves freely in two of three acts, trunk and
                legs in half of them, all over wide ranges; the body has its own carriage, drifts and turns. 2: two of
                five people walk through the room; among free movements there are arms that wave and bodies that jump;
                one person of five stands up to 0.4 m above the floor.
        """
        first = Performance.random(subject, motions[0], rng)
        acts: list[Act] = []
        start_s = 0.0
        count = int(np.ceil(duration_s / 2.5))
        while start_s < duration_s:
            place = number * count + len(acts)
            deck = np.random.default_rng([place // len(motions), len(motions)]).permutation(len(motions))
            even = (0.5 + (place + 1) * _STEPS) % 1
            performance = replace(
                Performance.random(subject, motions[deck[place % len(motions)]], rng),
                style=_style(even, rng),
                heading_rad=float(np.pi + 1.4 * (even[4] - 0.5)),
                sway_phases=first.sway_phases,
                breath_rate_hz=first.breath_rate_hz,
                breath_depth_m=first.breath_depth_m,
            )
            performance = replace(performance, place_m=_near(first.place_m, performance.place_m))
            arms = cast(
                tuple[Performance | int | None, Performance | int | None],
                tuple(cls._random_arm(subject, motions, performance, rng, varied) for _ in range(2)),
            )
            free = int(rng.integers(2**31)) if rng.uniform() < (0.5 if varied else 0.15) else None
            acts.append(Act(start_s, float(rng.uniform(0.4, 0.9)), performance, arms, free, int(varied)))
            start_s += float(rng.uniform(2.5, 5.0))
        routine = cls(subject, tuple(acts))
        if varied:
            carriage = tuple((name, float(0.08 * rng.normal())) for name in _ALL_ANGLES if not name.startswith('knee'))
            routine = replace(routine, wander_seed=int(rng.integers(2**31)), carriage=carriage)
        if varied == 2:
            routine = routine._roaming(rng)
        while not is_seen_whole(routine.joints_m(np.arange(0, duration_s, 0.1))):
            routine = routine._moved(0.05)
        return routine

    @staticmethod
    def _random_arm(
        subject: Subject, motions: list[str], performance: Performance, rng: np.random.Generator, varied: int
    ) -> Performance | int | None:
        kind = rng.uniform()
        if kind < (0.2 if varied else 0.5):
            return None
        if kind < (0.87 if varied else 0.75):
            return int(rng.integers(2**31))
        motion = motions[int(rng.integers(len(motions)))]
        return replace(performance, motion=motion, style=_style(rng.uniform(size=5), rng))

    def _roaming(self, rng: np.random.Generator) -> Routine:
        """Let two people of five walk through the room, and one of five stand on something."""
        walk, seed, on_something, lift_m = rng.uniform(), int(rng.integers(2**31)), rng.uniform(), rng.uniform(0, 0.4)
        swinging = tuple(side for side in ('right', 'left') if rng.uniform() < 0.6)
        place_m = tuple(middle + float(rng.uniform(-0.1, 0.1)) for middle in MIDDLE_M)
        return replace(
            self,
            walk=FreeWalk(seed, cast(tuple[float, float], place_m), swinging) if walk < 0.4 else None,
            lift_m=float(lift_m) if on_something < 0.2 else 0.0,
        )

    def _moved(self, back_m: float) -> Routine:
        """Return the routine with every act moved away from the radar."""

        def moved(place_m: tuple[float, float]) -> tuple[float, float]:
            return place_m[0], place_m[1] + back_m

        acts = (
            replace(act, performance=replace(act.performance, place_m=moved(act.performance.place_m)))
            for act in self.acts
        )
        walk = self.walk and replace(self.walk, place_m=moved(self.walk.place_m))
        return replace(self, acts=tuple(acts), walk=walk)

    @property
    def motion(self) -> str:
        """Names of the motions in order, separated by spaces."""
        return ' '.join(act.performance.motion for act in self.acts)

    def joints_m(self, time_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time 14 3']:
        """Return joint positions in m, world axes, at times in s from the start."""
        time_s = np.asarray(time_s, dtype=np.float64)
        shares = [np.ones_like(time_s), *(ease((time_s - act.start_s) / act.blend_s) for act in self.acts[1:])]
        # earlier acts have been blended out at all of these times
        first = max(place for place, share in enumerate(shares) if (share == 1).all())
        posture = self.acts[first].posture(time_s)
        for act, share in zip(self.acts[first + 1 :], shares[first + 1 :]):
            if share.any():
                posture = _blend(posture, act.posture(time_s), share)
        return self._held(self._walked(posture, time_s), time_s).joints_m(self.subject)

    def _walked(self, posture: Posture, time_s: np.ndarray) -> Posture:
        """Put a posture on the legs of this body's walk."""
        if self.walk is None:
            return posture
        footing = self.walk.footing(time_s)
        angles = posture.angles | footing_angles(self.subject, footing)
        angles |= {f'hip_rotation_{side}': np.zeros_like(time_s) for side in ('right', 'left')}
        swing = swing_against_legs(footing, self.acts[0].performance.style)
        arms = (name for side in self.walk.swinging for name in of_side(WIDE_ARM, side))
        angles |= {name: swing.get(name, 0 * time_s) for name in arms}
        ground = self.subject.leg_m * footing.pelvis[:, :2] @ rotation(2, np.pi)[:2, :2].T + self.walk.place_m
        return replace(posture, angles=angles, heading_rad=np.pi + footing.heading_rad, ground_m=ground, lift_m=0.0)

    def _held(self, posture: Posture, time_s: np.ndarray) -> Posture:
        """Add the carriage and the drift of this body to a posture."""
        if self.wander_seed is None:
            return posture
        drift = wander(np.random.default_rng(self.wander_seed), time_s, (0.3, 0.3, 0.7))
        free = [(name, offset) for name, offset in self.carriage if self.walk is None or not name.startswith('hip')]
        angles = posture.angles | {name: posture.angles[name] + offset for name, offset in free}
        for name in angles:
            if name.startswith('elbow'):
                angles[name] = np.clip(angles[name], 0, None)
        return replace(
            posture,
            angles=angles,
            heading_rad=posture.heading_rad + drift[:, 2],
            ground_m=posture.ground_m + drift[:, :2],
            lift_m=posture.lift_m + self.lift_m,
        )


def _style(even: np.ndarray, rng: np.random.Generator) -> Style:
    """Return a style from the first four of ``even``, numbers in [0, 1); rates are 0.3 to 0.95 cycles per second."""
    rate, extent, phase, carriage = even[:4]
    return Style(
        rate_hz=float(0.3 + 0.65 * rate),
        extent=float(0.7 + 0.5 * extent),
        phase=float(phase),
        side=str(rng.choice(['right', 'left'])),
        carriage=float(carriage),
    )


def _near(place_m: tuple[float, float], other_m: tuple[float, float], share: float = 0.15) -> tuple[float, float]:
    """Return a place between two others, close to the first: subjects move little between acts."""
    return cast(tuple[float, float], tuple(a + share * (b - a) for a, b in zip(place_m, other_m)))


def _blend(before: Posture, after: Posture, share: np.ndarray) -> Posture:
    """Interpolate between two postures; ``share`` is the weight of the second at each time."""

    def mix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        weight = share.reshape(-1, *([1] * (a.ndim - 1)))
        return (1 - weight) * a + weight * b

    return Posture(
        {name: mix(before.angles[name], after.angles[name]) for name in _ALL_ANGLES},
        mix(before.heading_rad, after.heading_rad),
        mix(before.ground_m, after.ground_m),
        mix(before.breath_m, after.breath_m),
        mix(np.asarray(before.lift_m), np.asarray(after.lift_m)),
    )
