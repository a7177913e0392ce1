"""Performance of one motion by one subject at one place: joint positions at any time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from jaxtyping import Float

from mmradar.simulation.camera import Camera
from mmradar.simulation.motions import MOTIONS
from mmradar.simulation.motions.pose import Angles, Footing
from mmradar.simulation.motions.style import Style
from mmradar.simulation.motions.waveforms import pulse, wave
from mmradar.simulation.skeleton import JOINTS, Subject, forward_kinematics, leg_angles, rotation

# Motions that need room to the front and back; their place is drawn nearer the middle of the crop.
ROAMING = ('walk', 'walk_to_and_fro')
MIDDLE_M = (0.0, 2.4)

# Joints that a breath moves.
_CHEST = [JOINTS[name] for name in JOINTS if name.endswith(('Neck', 'Head', 'Shoulder', 'Elbow', 'Wrist'))]


@dataclass(frozen=True)
class Posture:
    """Posture of a body at some times.

    Args:
        angles: Arrays (time,) in rad by angle name of :func:`forward_kinematics`.
        heading_rad: Heading of the body, (time,).
        ground_m: Ground position of the pelvis, (time, 2).
        breath_m: Displacement of the chest by breathing, (time, 3), world axes.
        lift_m: Height of the lower foot above the floor, (time,) or constant.
    """

    angles: Angles
    heading_rad: Float[np.ndarray, 'time']
    ground_m: Float[np.ndarray, 'time 2']
    breath_m: Float[np.ndarray, 'time 3']
    lift_m: Float[np.ndarray, 'time'] | float = 0.0

    def joints_m(self, subject: Subject) -> Float[np.ndarray, 'time 14 3']:
        """Return joint positions of a subject in this posture, in m, world axes."""
        joints = forward_kinematics(subject, self.angles, self.heading_rad, self.ground_m)
        joints[:, _CHEST] += self.breath_m[:, None]
        joints[..., 2] += np.reshape(self.lift_m, (-1, 1))
        return joints


def is_seen_whole(joints_m: Float[np.ndarray, 'time 14 3'], margin_px: float = 3.0) -> bool:
    """Return whether the default :class:`Camera` sees all joints, ``margin_px`` or more inside the image."""
    camera = Camera()
    keypoints = camera.project(joints_m)
    return bool(np.all((keypoints >= margin_px) & (keypoints <= np.subtract(camera.image_size, margin_px))))


def footing_angles(subject: Subject, footing: Footing) -> Angles:
    """Return leg angles that put the ankles of a subject where the footing has them."""
    angles = {}
    for side, sign in (('right', 1.0), ('left', -1.0)):
        from_pelvis = subject.leg_m * (footing.ankles[side] - footing.pelvis)
        from_hip = np.einsum('tji,tj->ti', rotation(2, footing.heading_rad), from_pelvis)
        from_hip[:, 0] -= sign * subject.length_m('half_hips')
        angles |= leg_angles(subject, side, from_hip)
    return angles


@dataclass(frozen=True)
class Performance:
    """One motion of one subject at one place, with joint positions at any time.

    Args:
        subject: The person who performs.
        motion: A name of ``MOTIONS``.
        style: Rate, extent and other parameters of the motion.
        place_m: Place of the subject, (x, y); for a motion along a path, the middle of the path.
        heading_rad: Heading of the subject; pi is towards the radar. Motions that turn start from it.
        sway_phases: Six phases, in cycles, of the slow sway and the breathing that every living body has.
        breath_rate_hz: Breaths per second.
        breath_depth_m: How far a breath moves the chest, forward and up, from fully exhaled to fully inhaled.
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
        """Draw style and place, in HuPR's crop of the room (2.0 to 2.8 m away, 0.35 m to either side).

        The subject faces the radar to within 35 degrees. Places of motions in ``ROAMING`` are drawn from an eighth of
        the crop's width and depth around its middle, since their path takes the rest. Subjects that would leave the
        default :class:`Camera`'s image (tall and close, with raised arms) stand farther back.
        """
        style = Style.random(rng)
        place_m = (float(rng.uniform(-0.35, 0.35)), float(rng.uniform(2.0, 2.8)))
        if motion in ROAMING:
            place_m = cast(
                tuple[float, float],
                tuple(middle + (place - middle) / 8 for middle, place in zip(MIDDLE_M, place_m)),
            )
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
        # the first 12 s; the margin allows for the sway after that
        while not is_seen_whole(performance.joints_m(np.arange(0, 12, 0.1))):
            x, y = performance.place_m
            performance = replace(performance, place_m=(x, y + 0.05))
        return performance

    def joints_m(self, time_s: Float[np.ndarray, 'time']) -> Float[np.ndarray, 'time 14 3']:
        """Return joint positions in m, world axes, at times in s."""
        return self.posture(time_s).joints_m(self.subject)

    def posture(self, time_s: Float[np.ndarray, 'time']) -> Posture:
        """Return joint angles, place and heading at times in s."""
        time_s = np.asarray(time_s, dtype=np.float64)
        pose = MOTIONS[self.motion](self.style.rate_hz * time_s + self.style.phase, self.style)
        angles, phases = dict(pose.angles), self.sway_phases
        # Quiet stance sways by a few centimetres below 0.5 Hz.
        lean = pose.sway * 0.02
        angles['lean_forward'] = angles.get('lean_forward', 0.0) + lean * wave(0.25 * time_s, phases[0])
        angles['lean_right'] = angles.get('lean_right', 0.0) + lean * wave(0.21 * time_s, phases[1])
        ground = np.stack(
            [
                self.place_m[0] + pose.sway * 0.04 * wave(0.17 * time_s, phases[2]),
                self.place_m[1] + pose.sway * 0.03 * wave(0.22 * time_s, phases[3]),
            ],
            axis=-1,
        )
        heading = self.heading_rad + pose.sway * 0.05 * wave(0.13 * time_s, phases[4])
        if pose.footing:
            angles |= footing_angles(self.subject, pose.footing)
            path = self.subject.leg_m * pose.footing.pelvis[:, :2]
            ground = ground + path @ rotation(2, self.heading_rad)[:2, :2].T
            heading = heading + pose.footing.heading_rad
        return Posture(angles, heading, ground, self._breath_m(time_s, heading))

    def _breath_m(self, time_s: np.ndarray, heading_rad: np.ndarray) -> Float[np.ndarray, 'time 3']:
        """Return the displacement of the chest by breathing, as far forward as up."""
        depth = self.breath_depth_m * pulse(self.breath_rate_hz * time_s, self.sway_phases[5])
        forward = up = np.sqrt(0.5) * depth
        return np.stack([-forward * np.sin(heading_rad), forward * np.cos(heading_rad), up], axis=-1)
