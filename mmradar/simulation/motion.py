"""Procedural motions: smooth functions of time, so that Doppler comes from movement and not from a formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mmradar.simulation.skeleton import Subject, forward_kinematics

Angles = dict[str, np.ndarray]


@dataclass(frozen=True)
class Style:
    """How one performance of a motion differs from the next; all of it drawn once a sequence.

    Args:
        rate_hz: Cycles a second.
        extent: Factor on the motion's angles.
        phase: Where in the cycle it starts, in cycles.
        side: ``'right'`` or ``'left'``, for motions of one limb.
        carriage: A second free parameter in [0, 1], read by each motion in its own way (elbow bend, for instance).
    """

    rate_hz: float
    extent: float
    phase: float
    side: str
    carriage: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Style:
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


def _wave(cycles: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """A sine of unit amplitude; ``shift`` in cycles."""
    return np.sin(2 * np.pi * (cycles + shift))


def _pulse(cycles: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """From 0 to 1 and back once a cycle, smoothly."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * (cycles + shift))


def _stand(cycles: np.ndarray, style: Style) -> Angles:
    return {
        'shoulder_abduction_right': np.full_like(cycles, 0.1 + 0.15 * style.carriage),
        'shoulder_abduction_left': np.full_like(cycles, 0.1 + 0.15 * style.carriage),
    }


def _march(cycles: np.ndarray, style: Style) -> Angles:
    swing = 0.5 * style.extent * _wave(cycles)
    right, left = _pulse(cycles), _pulse(cycles, 0.5)
    return {
        'hip_flexion_right': 1.0 * style.extent * right**2,
        'knee_flexion_right': 1.3 * style.extent * right**2,
        'hip_flexion_left': 1.0 * style.extent * left**2,
        'knee_flexion_left': 1.3 * style.extent * left**2,
        'shoulder_flexion_right': swing,
        'shoulder_flexion_left': -swing,
        'elbow_flexion_right': np.full_like(cycles, 0.3 + 1.1 * style.carriage),
        'elbow_flexion_left': np.full_like(cycles, 0.3 + 1.1 * style.carriage),
        'shoulder_abduction_right': np.full_like(cycles, 0.15),
        'shoulder_abduction_left': np.full_like(cycles, 0.15),
    }


def _squat(cycles: np.ndarray, style: Style) -> Angles:
    depth = style.extent * _pulse(cycles)
    angles = {'lean_forward': 0.45 * depth}
    for side in ('right', 'left'):
        angles |= {
            f'hip_flexion_{side}': 1.2 * depth,
            f'knee_flexion_{side}': 1.7 * depth,
            f'hip_abduction_{side}': np.full_like(cycles, 0.15),
            f'shoulder_flexion_{side}': 0.3 + 1.2 * style.carriage * depth,
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.1),
        }
    return angles


def _raise_arms_sideways(cycles: np.ndarray, style: Style) -> Angles:
    height = 0.1 + (1.3 + 1.3 * style.carriage) * style.extent * _pulse(cycles)
    return {'shoulder_abduction_right': height, 'shoulder_abduction_left': height}


def _raise_arms_forward(cycles: np.ndarray, style: Style) -> Angles:
    return {
        'shoulder_flexion_right': (1.4 + 1.2 * style.carriage) * style.extent * _pulse(cycles),
        'shoulder_flexion_left': (1.4 + 1.2 * style.carriage) * style.extent * _pulse(cycles),
        'shoulder_abduction_right': np.full_like(cycles, 0.15),
        'shoulder_abduction_left': np.full_like(cycles, 0.15),
    }


def _raise_one_arm(cycles: np.ndarray, style: Style) -> Angles:
    return {
        f'shoulder_abduction_{style.side}': 0.1 + 2.3 * style.extent * _pulse(cycles),
        f'elbow_flexion_{style.side}': 0.6 * style.carriage * _pulse(cycles),
        f'shoulder_abduction_{style.other_side}': np.full_like(cycles, 0.15),
    }


def _wave_hand(cycles: np.ndarray, style: Style) -> Angles:
    return {
        f'shoulder_abduction_{style.side}': 1.2 + 0.4 * style.carriage + 0.25 * style.extent * _wave(2 * cycles),
        f'shoulder_flexion_{style.side}': np.full_like(cycles, 0.5),
        f'elbow_flexion_{style.side}': 1.3 + 0.7 * style.extent * _wave(2 * cycles, 0.2),
        f'shoulder_abduction_{style.other_side}': np.full_like(cycles, 0.12),
    }


def _punch(cycles: np.ndarray, style: Style) -> Angles:
    right, left = _pulse(cycles) ** 2, _pulse(cycles, 0.5) ** 2
    angles = {'twist': -0.3 * style.extent * (right - left)}
    for side, thrust in (('right', right), ('left', left)):
        angles |= {
            f'shoulder_flexion_{side}': 0.3 + 1.2 * style.extent * thrust,
            f'shoulder_abduction_{side}': 0.35 - 0.25 * thrust,
            f'elbow_flexion_{side}': 2.2 - 2.1 * thrust,
            f'hip_abduction_{side}': np.full_like(cycles, 0.1 + 0.1 * style.carriage),
        }
    return angles


def _kick(cycles: np.ndarray, style: Style) -> Angles:
    kick = style.extent * _pulse(cycles) ** 2
    return {
        f'hip_flexion_{style.side}': 1.2 * kick - 0.25 * _pulse(cycles, 0.4),
        f'knee_flexion_{style.side}': 0.9 * _pulse(cycles, 0.2) ** 2 + 0.1,
        'lean_forward': -0.25 * kick,
        'shoulder_abduction_right': 0.3 + 0.8 * style.carriage * kick,
        'shoulder_abduction_left': 0.3 + 0.8 * style.carriage * kick,
        'elbow_flexion_right': np.full_like(cycles, 0.6),
        'elbow_flexion_left': np.full_like(cycles, 0.6),
    }


def _side_lunge(cycles: np.ndarray, style: Style) -> Angles:
    lunge = style.extent * _pulse(cycles)
    return {
        f'hip_abduction_{style.side}': 0.15 + 0.35 * lunge,
        f'hip_abduction_{style.other_side}': 0.15 + 0.3 * lunge,
        f'hip_flexion_{style.side}': 0.8 * lunge,
        f'knee_flexion_{style.side}': 1.1 * lunge,
        'lean_right': (0.25 if style.side == 'right' else -0.25) * lunge,
        'shoulder_abduction_right': 0.2 + 0.9 * style.carriage * lunge,
        'shoulder_abduction_left': 0.2 + 0.9 * style.carriage * lunge,
    }


def _bow(cycles: np.ndarray, style: Style) -> Angles:
    depth = style.extent * _pulse(cycles)
    return {
        'lean_forward': 1.1 * depth,
        'nod': 0.3 * depth,
        'shoulder_flexion_right': 1.0 * style.carriage * depth + 0.1,
        'shoulder_flexion_left': 1.0 * style.carriage * depth + 0.1,
        'knee_flexion_right': 0.1 * depth,
        'knee_flexion_left': 0.1 * depth,
    }


def _twist(cycles: np.ndarray, style: Style) -> Angles:
    angles = {'twist': 0.8 * style.extent * _wave(cycles)}
    for side in ('right', 'left'):
        angles |= {
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.4 + 0.9 * style.carriage),
            f'elbow_flexion_{side}': np.full_like(cycles, 1.2),
        }
    return angles


MOTIONS: dict[str, Callable[[np.ndarray, Style], Angles]] = {
    'stand': _stand,
    'march': _march,
    'squat': _squat,
    'raise_arms_sideways': _raise_arms_sideways,
    'raise_arms_forward': _raise_arms_forward,
    'raise_one_arm': _raise_one_arm,
    'wave_hand': _wave_hand,
    'punch': _punch,
    'kick': _kick,
    'side_lunge': _side_lunge,
    'bow': _bow,
    'twist': _twist,
}


@dataclass(frozen=True)
class Performance:
    """One subject doing one motion at one place: joint positions at any time.

    Args:
        subject: Who.
        motion: A name of ``MOTIONS``.
        style: How.
        place_m: Where the subject stands, (x, y).
        heading_rad: Where it faces; pi is towards the radar.
        sway_phases: Six phases in cycles of the slow sway and breathing that no living body is without.
    """

    subject: Subject
    motion: str
    style: Style
    place_m: tuple[float, float]
    heading_rad: float
    sway_phases: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.motion not in MOTIONS:
            raise ValueError(f'unknown motion {self.motion!r}; known are {", ".join(MOTIONS)}')

    @classmethod
    def random(cls, subject: Subject, motion: str, rng: np.random.Generator) -> Performance:
        """Anywhere in HuPR's crop of the room (2.0 to 2.8 m away, 0.35 m to either side), facing the radar +-35 deg."""
        return cls(
            subject=subject,
            motion=motion,
            style=Style.random(rng),
            place_m=(float(rng.uniform(-0.35, 0.35)), float(rng.uniform(2.0, 2.8))),
            heading_rad=float(np.pi + rng.uniform(-0.6, 0.6)),
            sway_phases=tuple(float(x) for x in rng.uniform(size=6)),
        )

    def joints_m(self, time_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time 14 3']:
        """Joint positions in world axes, in m, at the times given, in s."""
        time_s = np.asarray(time_s, dtype=np.float64)
        angles = dict(MOTIONS[self.motion](self.style.rate_hz * time_s + self.style.phase, self.style))
        phases = self.sway_phases
        # Quiet stance sways by a few centimetres below 0.5 Hz; breathing lifts the trunk by a few millimetres.
        angles['lean_forward'] = angles.get('lean_forward', 0.0) + 0.02 * _wave(0.25 * time_s, phases[0])
        angles['lean_right'] = angles.get('lean_right', 0.0) + 0.02 * _wave(0.21 * time_s, phases[1])
        ground = np.stack(
            [
                self.place_m[0] + 0.04 * _wave(0.17 * time_s, phases[2]),
                self.place_m[1] + 0.03 * _wave(0.22 * time_s, phases[3]),
            ],
            axis=-1,
        )
        heading = self.heading_rad + 0.05 * _wave(0.13 * time_s, phases[4])
        return forward_kinematics(self.subject, angles, heading, ground)
