"""Procedural motions: smooth functions of time, so that Doppler comes from movement and not from a formula."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from mmradar.simulation.camera import Camera
from mmradar.simulation.skeleton import JOINTS, Subject, forward_kinematics, leg_angles, rotation

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


@dataclass(frozen=True)
class Style:
    """How one performance of a motion differs from the next; all of it drawn once a sequence.

    Args:
        rate_hz: Cycles a second. Motions that are by nature quicker or slower than one repetition a cycle (running,
            sitting down) take a fixed multiple of it.
        extent: Factor on the motion's angles; for motions that step, on the swing of the arms and the height or length
            of the steps.
        phase: Where in the cycle it starts, in cycles.
        side: ``'right'`` or ``'left'``, for motions of one limb, and the way a turn goes.
        carriage: A second free parameter in [0, 1], read by each motion in its own way (elbow bend, for instance).
    """

    rate_hz: float
    extent: float
    phase: float
    side: str
    carriage: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Style:
        """Between 0.35 and 0.8 cycles a second, 0.75 to 1.15 of the usual extent, anything else evenly."""
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


def _ease(progress: np.ndarray) -> np.ndarray:
    """From 0 at or below 0 to 1 at or above 1, at rest at both ends."""
    progress = np.clip(progress, 0, 1)
    return progress**2 * (3 - 2 * progress)


def _hold(cycles: np.ndarray) -> np.ndarray:
    """Like ``_pulse``, but staying a while at 0 and at 1."""
    return _ease(1.5 * _pulse(cycles) - 0.25)


def _tempo(cycles: np.ndarray, style: Style, factor: float) -> np.ndarray:
    """The same cycles passing ``factor`` times as fast, from the same phase."""
    return style.phase + factor * (cycles - style.phase)


def _vector(right: np.ndarray | float, forward: np.ndarray | float, up: np.ndarray | float) -> np.ndarray:
    """The three components, whichever of them vary with time, as (time, 3)."""
    return np.stack(np.broadcast_arrays(right, forward, up), axis=-1)


def _beside(
    right: np.ndarray, forward: np.ndarray, heading: np.ndarray, offset: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """The ground ``offset`` to the right of somebody who stands at (right, forward) with a heading."""
    return right + offset * np.cos(heading), forward + offset * np.sin(heading)


# Half the distance of the feet, in leg lengths: they stand below the hips.
_HALF_STANCE = 0.125
# A path on the ground: from steps taken to right and forward in leg lengths, and heading in rad.
_Path = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def _step_along(path: _Path, steps: np.ndarray, lift: float, trail: float = 0.0) -> Footing:
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
    pelvis = _vector(
        *_beside(right, forward, heading, -0.03 * np.sin(np.pi * steps)), 0.935 - 0.025 * _wave(steps, 0.25)
    )
    ankles = {}
    for side, sign, first in (('right', 1.0, 0), ('left', -1.0, 1)):
        start = first + 2 * np.floor((steps - first) / 2)
        progress = _ease((steps - start - 0.08) / 0.84)
        behind = _beside(*path(start - 0.5), sign * _HALF_STANCE)
        ahead = _beside(*path(start + 1.5), sign * _HALF_STANCE)
        up = lift * 4 * progress * (1 - progress)
        ankles[side] = _vector(
            behind[0] + progress * (ahead[0] - behind[0]) + trail * up * np.sin(heading),
            behind[1] + progress * (ahead[1] - behind[1]) - trail * up * np.cos(heading),
            up,
        )
    return Footing(pelvis, ankles, heading)


def _swing_against_legs(footing: Footing, style: Style) -> Angles:
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


def _stand(cycles: np.ndarray, style: Style) -> Pose:
    return Pose(
        {
            'shoulder_abduction_right': np.full_like(cycles, 0.1 + 0.15 * style.carriage),
            'shoulder_abduction_left': np.full_like(cycles, 0.1 + 0.15 * style.carriage),
        }
    )


def _march(cycles: np.ndarray, style: Style) -> Pose:
    swing = 0.5 * style.extent * _wave(cycles)
    right, left = _pulse(cycles), _pulse(cycles, 0.5)
    return Pose(
        {
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
    )


def _squat(cycles: np.ndarray, style: Style) -> Pose:
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
    return Pose(angles)


def _raise_arms_sideways(cycles: np.ndarray, style: Style) -> Pose:
    height = 0.1 + (1.3 + 1.3 * style.carriage) * style.extent * _pulse(cycles)
    return Pose({'shoulder_abduction_right': height, 'shoulder_abduction_left': height})


def _raise_arms_forward(cycles: np.ndarray, style: Style) -> Pose:
    return Pose(
        {
            'shoulder_flexion_right': (1.4 + 1.2 * style.carriage) * style.extent * _pulse(cycles),
            'shoulder_flexion_left': (1.4 + 1.2 * style.carriage) * style.extent * _pulse(cycles),
            'shoulder_abduction_right': np.full_like(cycles, 0.15),
            'shoulder_abduction_left': np.full_like(cycles, 0.15),
        }
    )


def _raise_one_arm(cycles: np.ndarray, style: Style) -> Pose:
    return Pose(
        {
            f'shoulder_abduction_{style.side}': 0.1 + 2.3 * style.extent * _pulse(cycles),
            f'elbow_flexion_{style.side}': 0.6 * style.carriage * _pulse(cycles),
            f'shoulder_abduction_{style.other_side}': np.full_like(cycles, 0.15),
        }
    )


def _wave_hand(cycles: np.ndarray, style: Style) -> Pose:
    return Pose(
        {
            f'shoulder_abduction_{style.side}': 1.2 + 0.4 * style.carriage + 0.25 * style.extent * _wave(2 * cycles),
            f'shoulder_flexion_{style.side}': np.full_like(cycles, 0.5),
            f'elbow_flexion_{style.side}': 1.3 + 0.7 * style.extent * _wave(2 * cycles, 0.2),
            f'shoulder_abduction_{style.other_side}': np.full_like(cycles, 0.12),
        }
    )


def _punch(cycles: np.ndarray, style: Style) -> Pose:
    right, left = _pulse(cycles) ** 2, _pulse(cycles, 0.5) ** 2
    angles = {'twist': -0.3 * style.extent * (right - left)}
    for side, thrust in (('right', right), ('left', left)):
        angles |= {
            f'shoulder_flexion_{side}': 0.3 + 1.2 * style.extent * thrust,
            f'shoulder_abduction_{side}': 0.35 - 0.25 * thrust,
            f'elbow_flexion_{side}': 2.2 - 2.1 * thrust,
            f'hip_abduction_{side}': np.full_like(cycles, 0.1 + 0.1 * style.carriage),
        }
    return Pose(angles)


def _kick(cycles: np.ndarray, style: Style) -> Pose:
    kick = style.extent * _pulse(cycles) ** 2
    return Pose(
        {
            f'hip_flexion_{style.side}': 1.2 * kick - 0.25 * _pulse(cycles, 0.4),
            f'knee_flexion_{style.side}': 0.9 * _pulse(cycles, 0.2) ** 2 + 0.1,
            'lean_forward': -0.25 * kick,
            'shoulder_abduction_right': 0.3 + 0.8 * style.carriage * kick,
            'shoulder_abduction_left': 0.3 + 0.8 * style.carriage * kick,
            'elbow_flexion_right': np.full_like(cycles, 0.6),
            'elbow_flexion_left': np.full_like(cycles, 0.6),
        }
    )


def _side_lunge(cycles: np.ndarray, style: Style) -> Pose:
    lunge = style.extent * _pulse(cycles)
    return Pose(
        {
            f'hip_abduction_{style.side}': 0.15 + 0.35 * lunge,
            f'hip_abduction_{style.other_side}': 0.15 + 0.3 * lunge,
            f'hip_flexion_{style.side}': 0.8 * lunge,
            f'knee_flexion_{style.side}': 1.1 * lunge,
            'lean_right': (0.25 if style.side == 'right' else -0.25) * lunge,
            'shoulder_abduction_right': 0.2 + 0.9 * style.carriage * lunge,
            'shoulder_abduction_left': 0.2 + 0.9 * style.carriage * lunge,
        }
    )


def _bow(cycles: np.ndarray, style: Style) -> Pose:
    depth = style.extent * _pulse(cycles)
    return Pose(
        {
            'lean_forward': 1.1 * depth,
            'nod': 0.3 * depth,
            'shoulder_flexion_right': 1.0 * style.carriage * depth + 0.1,
            'shoulder_flexion_left': 1.0 * style.carriage * depth + 0.1,
            'knee_flexion_right': 0.1 * depth,
            'knee_flexion_left': 0.1 * depth,
        }
    )


def _twist(cycles: np.ndarray, style: Style) -> Pose:
    angles = {'twist': 0.8 * style.extent * _wave(cycles)}
    for side in ('right', 'left'):
        angles |= {
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.4 + 0.9 * style.carriage),
            f'elbow_flexion_{side}': np.full_like(cycles, 1.2),
        }
    return Pose(angles)


def _stand_still(cycles: np.ndarray, style: Style) -> Pose:
    # Quieter than quiet stance: breathing is most of what a radar sees.
    return Pose(_stand(cycles, style).angles, sway=0.1)


def _walk(cycles: np.ndarray, style: Style) -> Pose:
    """Round a narrow oval: towards the radar, a turn, away from it, a turn; six steps a lap."""
    away, aside = 0.53, (0.2 + 0.06 * style.carriage) * (1 if style.side == 'right' else -1)

    def oval(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        lap = 2 * np.pi * steps / 6
        heading = np.arctan2(aside * np.sin(lap), away * np.cos(lap))
        return aside * np.cos(lap), away * np.sin(lap), heading

    footing = _step_along(oval, 6 * _tempo(cycles, style, 0.55), lift=0.12 * style.extent)
    return Pose(_swing_against_legs(footing, style), footing, sway=0.0)


def _walk_to_and_fro(cycles: np.ndarray, style: Style) -> Pose:
    """Three steps forward and three backward, facing the same way."""

    def line(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.zeros_like(steps), 0.55 * _wave(steps / 6), np.zeros_like(steps)

    footing = _step_along(line, 6 * _tempo(cycles, style, 0.55), lift=0.12 * style.extent)
    return Pose(_swing_against_legs(footing, style), footing, sway=0.0)


def _run_in_place(cycles: np.ndarray, style: Style) -> Pose:
    def spot(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.zeros_like(steps), np.zeros_like(steps), np.zeros_like(steps)

    strides = _tempo(cycles, style, 2.2)
    footing = _step_along(spot, 2 * strides, lift=0.3 * style.extent, trail=0.2 + 0.5 * style.carriage)
    # The right knee is highest a quarter of a stride in, the left elbow then foremost.
    swing = 0.5 * style.extent * _wave(strides)
    angles = {'lean_forward': np.full_like(cycles, 0.1), 'twist': 0.12 * _wave(strides)}
    for side, sign in (('right', -1.0), ('left', 1.0)):
        angles |= {
            f'shoulder_flexion_{side}': sign * swing,
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.15),
            f'elbow_flexion_{side}': np.full_like(cycles, 1.4),
        }
    return Pose(angles, footing, sway=0.0)


def _turn(cycles: np.ndarray, style: Style) -> Pose:
    """A turn on the spot by 100 to 150 degrees and back, in eight steps."""
    amount = (1.75 + 0.85 * style.carriage) * (1 if style.side == 'left' else -1)

    def spot(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.zeros_like(steps), np.zeros_like(steps), amount * _pulse(steps / 8)

    footing = _step_along(spot, 8 * _tempo(cycles, style, 0.5), lift=0.1 * style.extent)
    return Pose(_swing_against_legs(footing, style), footing, sway=0.0)


def _front_lunge(cycles: np.ndarray, style: Style) -> Pose:
    """One foot steps out, the pelvis sinks between the feet, and back; the place is halfway."""
    lunge = _hold(_tempo(cycles, style, 0.6))
    length = 0.7 * style.extent
    sign = 1.0 if style.side == 'right' else -1.0
    ankles = {
        style.side: _vector(sign * _HALF_STANCE, length * (lunge - 0.5), 0.4 * lunge * (1 - lunge)),
        style.other_side: _vector(-sign * _HALF_STANCE, -0.5 * length, 0.0 * lunge),
    }
    footing = Footing(_vector(0.0, 0.5 * length * (lunge - 1), 0.97 - 0.28 * style.extent * lunge), ankles, 0.0 * lunge)
    angles = {'lean_forward': 0.15 * lunge}
    for side in ('right', 'left'):
        angles |= {
            f'shoulder_abduction_{side}': 0.15 + 0.5 * style.carriage * lunge,
            f'elbow_flexion_{side}': 0.2 + 1.2 * style.carriage * lunge,
        }
    return Pose(angles, footing, sway=0.0)


def _sit_down(cycles: np.ndarray, style: Style) -> Pose:
    """Down on a chair, 0.43 to 0.48 leg lengths below standing, and up again."""
    seated = _hold(_tempo(cycles, style, 0.4))
    under_way = 4 * seated * (1 - seated)
    ankles = {side: _vector(x, 0.0, 0.0 * seated) for side, x in (('right', _HALF_STANCE), ('left', -_HALF_STANCE))}
    pelvis = _vector(0.0, -0.38 * seated, 0.98 - (0.43 + 0.05 * style.carriage) * seated)
    # The trunk leans forward to keep the weight over the feet; the hands come to rest on the thighs.
    angles = {'lean_forward': 0.1 * seated + 0.5 * style.extent * under_way}
    for side in ('right', 'left'):
        angles |= {
            f'shoulder_flexion_{side}': 0.1 + 0.4 * seated + 0.4 * style.carriage * under_way,
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.12),
            f'elbow_flexion_{side}': 0.2 + 0.9 * seated,
        }
    return Pose(angles, Footing(pelvis, ankles, 0.0 * seated), sway=0.0)


def _swing_arms(cycles: np.ndarray, style: Style) -> Pose:
    """Straight arms to front and back: together at carriage 0, alternately at 1."""
    angles = {}
    for side, lag in ((style.side, 0.0), (style.other_side, 0.5 * style.carriage)):
        angles |= {
            f'shoulder_flexion_{side}': 0.2 + 0.9 * style.extent * _wave(cycles, lag),
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.15),
            f'elbow_flexion_{side}': np.full_like(cycles, 0.1),
        }
    return Pose(angles)


def _circle_arms(cycles: np.ndarray, style: Style) -> Pose:
    """Straight arms out to the sides, the hands going round."""
    radius = (0.2 + 0.35 * style.carriage) * style.extent
    angles = {}
    for side in ('right', 'left'):
        angles |= {
            f'shoulder_abduction_{side}': 1.3 + radius * _wave(cycles),
            f'shoulder_flexion_{side}': radius * _wave(cycles, 0.25),
        }
    return Pose(angles)


MOTIONS: dict[str, Callable[[np.ndarray, Style], Pose]] = {
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
    'stand_still': _stand_still,
    'walk': _walk,
    'walk_to_and_fro': _walk_to_and_fro,
    'run_in_place': _run_in_place,
    'turn': _turn,
    'front_lunge': _front_lunge,
    'sit_down': _sit_down,
    'swing_arms': _swing_arms,
    'circle_arms': _circle_arms,
}

# Motions that need room before and behind: their place is drawn nearer the middle of the crop.
ROAMING = ('walk', 'walk_to_and_fro')
MIDDLE_M = (0.0, 2.4)
# What a breath carries along.
_CHEST = [JOINTS[name] for name in JOINTS if name.endswith(('Neck', 'Head', 'Shoulder', 'Elbow', 'Wrist'))]


@dataclass(frozen=True)
class Performance:
    """One subject doing one motion at one place: joint positions at any time.

    Args:
        subject: Who.
        motion: A name of ``MOTIONS``.
        style: How.
        place_m: Where the subject stands, (x, y); the middle of the path for a motion that has one.
        heading_rad: Where it faces; pi is towards the radar. Motions that turn do so from here.
        sway_phases: Six phases in cycles of the slow sway and breathing that no living body is without.
        breath_rate_hz: Breaths a second.
        breath_depth_m: How far a breath carries the chest forward and up, from full out to full in.
    """

    subject: Subject
    motion: str
    style: Style
    place_m: tuple[float, float]
    heading_rad: float
    sway_phases: tuple[float, ...]
    breath_rate_hz: float = 0.25
    breath_depth_m: float = 0.005

    def __post_init__(self) -> None:
        if self.motion not in MOTIONS:
            raise ValueError(f'unknown motion {self.motion!r}; known are {", ".join(MOTIONS)}')

    @classmethod
    def random(cls, subject: Subject, motion: str, rng: np.random.Generator) -> Performance:
        """Anywhere in HuPR's crop of the room (2.0 to 2.8 m away, 0.35 m to either side), facing the radar +-35 deg.

        Motions of ``ROAMING`` get an eighth of that room around its middle, the rest being taken by their path. Who
        would reach out of the default :class:`Camera`'s image, tall and close by with raised arms, stands further back.
        """
        style = Style.random(rng)
        place_m = (float(rng.uniform(-0.35, 0.35)), float(rng.uniform(2.0, 2.8)))
        if motion in ROAMING:
            place_m = tuple(middle + (place - middle) / 8 for middle, place in zip(MIDDLE_M, place_m))
        performance = cls(
            subject=subject,
            motion=motion,
            style=style,
            place_m=place_m,
            heading_rad=float(np.pi + rng.uniform(-0.6, 0.6)),
            sway_phases=tuple(float(x) for x in rng.uniform(size=6)),
            breath_rate_hz=float(rng.uniform(0.2, 0.4)),
            breath_depth_m=float(rng.uniform(0.003, 0.008)),
        )
        while not performance._is_seen_whole():
            x, y = performance.place_m
            performance = replace(performance, place_m=(x, y + 0.05))
        return performance

    def _is_seen_whole(self, margin_px: float = 3.0) -> bool:
        """Whether the default camera sees all joints; for a while, the margin being for what the sway does later."""
        camera = Camera()
        keypoints = camera.project(self.joints_m(np.arange(0, 12, 0.1)))
        return bool(np.all((keypoints >= margin_px) & (keypoints <= np.subtract(camera.image_size, margin_px))))

    def joints_m(self, time_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time 14 3']:
        """Joint positions in world axes, in m, at the times given, in s."""
        time_s = np.asarray(time_s, dtype=np.float64)
        pose = MOTIONS[self.motion](self.style.rate_hz * time_s + self.style.phase, self.style)
        angles, phases = dict(pose.angles), self.sway_phases
        # Quiet stance sways by a few centimetres below 0.5 Hz.
        lean = pose.sway * 0.02
        angles['lean_forward'] = angles.get('lean_forward', 0.0) + lean * _wave(0.25 * time_s, phases[0])
        angles['lean_right'] = angles.get('lean_right', 0.0) + lean * _wave(0.21 * time_s, phases[1])
        ground = np.stack(
            [
                self.place_m[0] + pose.sway * 0.04 * _wave(0.17 * time_s, phases[2]),
                self.place_m[1] + pose.sway * 0.03 * _wave(0.22 * time_s, phases[3]),
            ],
            axis=-1,
        )
        heading = self.heading_rad + pose.sway * 0.05 * _wave(0.13 * time_s, phases[4])
        if pose.footing:
            angles |= self._leg_angles(pose.footing)
            path = self.subject.leg_m * pose.footing.pelvis[:, :2]
            ground = ground + path @ rotation(2, self.heading_rad)[:2, :2].T
            heading = heading + pose.footing.heading_rad
        joints = forward_kinematics(self.subject, angles, heading, ground)
        joints[:, _CHEST] += self._breath_m(time_s, heading)[:, None]
        return joints

    def _leg_angles(self, footing: Footing) -> Angles:
        """Angles that bring the ankles where the footing has them."""
        angles = {}
        for side, sign in (('right', 1.0), ('left', -1.0)):
            from_pelvis = self.subject.leg_m * (footing.ankles[side] - footing.pelvis)
            from_hip = np.einsum('tji,tj->ti', rotation(2, footing.heading_rad), from_pelvis)
            from_hip[:, 0] -= sign * self.subject.length_m('half_hips')
            angles |= leg_angles(self.subject, side, from_hip)
        return angles

    def _breath_m(self, time_s: np.ndarray, heading_rad: np.ndarray) -> Float[np.ndarray, 'time 3']:
        """How far breathing has carried the chest: as far forward as up."""
        depth = self.breath_depth_m * _pulse(self.breath_rate_hz * time_s, self.sway_phases[5])
        forward = up = np.sqrt(0.5) * depth
        return np.stack([-forward * np.sin(heading_rad), forward * np.cos(heading_rad), up], axis=-1)
