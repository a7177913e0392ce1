"""Skeleton of the simulated subject: joint names, limb lengths, and joint positions from joint angles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Real

# HuPR's joints in HuPR's order.
JOINT_NAMES = (
    'R_Hip',
    'R_Knee',
    'R_Ankle',
    'L_Hip',
    'L_Knee',
    'L_Ankle',
    'Neck',
    'Head',
    'L_Shoulder',
    'L_Elbow',
    'L_Wrist',
    'R_Shoulder',
    'R_Elbow',
    'R_Wrist',
)
JOINTS = {name: index for index, name in enumerate(JOINT_NAMES)}

# Lowest and highest factor on each segment of a varied subject, by how varied. The second covers the rigs of CMU's,
# Bandai Namco's and DeepMimic's recordings.
_VARIED = {
    'thigh': (0.88, 1.12),
    'shank': (0.88, 1.12),
    'trunk': (0.85, 1.1),
    'head': (0.6, 1.15),
    'upper_arm': (0.85, 1.12),
    'forearm': (0.85, 1.15),
    'half_shoulders': (0.65, 1.1),
    'half_hips': (0.75, 1.6),
}
_MORE_VARIED = _VARIED | {
    'thigh': (0.88, 1.2),
    'trunk': (0.83, 1.12),
    'head': (0.55, 1.2),
    'upper_arm': (0.8, 1.12),
    'forearm': (0.85, 1.25),
    'half_shoulders': (0.55, 1.1),
    'half_hips': (0.65, 1.6),
}
_SHOULDER_RISE = (-0.05, 0.05)


@dataclass(frozen=True)
class Subject:
    """Standing adult, described by height and build.

    Segment lengths are fractions of the body height after Winter, Biomechanics and Motor Control of Human Movement
    (figure 4.1). ``proportions`` may scale each of them.

    Args:
        height_m: Body height.
        girth: Factor on the radius of trunk and limbs.
        limb_scale: Factor on the length of arms and legs, relative to the trunk.
        proportions: Factors on single segments, as (segment, factor).
        shoulder_rise: How far the shoulders are above the neck along the trunk, as a share of the body height.
    """

    height_m: float = 1.75
    girth: float = 1.0
    limb_scale: float = 1.0
    proportions: tuple[tuple[str, float], ...] = ()
    shoulder_rise: float = 0.0

    @classmethod
    def random(cls, rng: np.random.Generator) -> Subject:
        """Draw an adult of 1.52 to 1.95 m, slim to stout."""
        return cls(
            height_m=float(rng.uniform(1.52, 1.95)),
            girth=float(rng.uniform(0.8, 1.3)),
            limb_scale=float(rng.uniform(0.95, 1.05)),
        )

    @classmethod
    def varied(cls, rng: np.random.Generator, more: bool = False) -> Subject:
        """Draw a person of 1.4 to 2.0 m whose segments vary in length independently.

        People differ in this way, and recordings of people even more: rigs differ in where they put shoulders, hips and
        heads.

        Args:
            rng: Draws everything.
            more: Whether lengths vary as far as in recordings, and the shoulders are above or below the neck.
        """
        bounds = _MORE_VARIED if more else _VARIED
        return cls(
            height_m=float(rng.uniform(1.4, 2.0)),
            girth=float(rng.uniform(0.75, 1.35)),
            limb_scale=float(rng.uniform(0.95, 1.05)),
            proportions=tuple((segment, float(rng.uniform(*factors))) for segment, factors in bounds.items()),
            shoulder_rise=float(rng.uniform(*_SHOULDER_RISE)) if more else 0.0,
        )

    def length_m(self, segment: str) -> float:
        """Return the length of a segment in m.

        Segments are thigh, shank, foot_height, trunk, head, upper_arm, forearm, half_shoulders and half_hips.
        """
        fraction = {
            'thigh': 0.245 * self.limb_scale,
            'shank': 0.246 * self.limb_scale,
            'foot_height': 0.039,
            'trunk': 0.288,
            'head': 0.13,
            'upper_arm': 0.186 * self.limb_scale,
            'forearm': 0.146 * self.limb_scale,
            'half_shoulders': 0.115,
            'half_hips': 0.06,
        }[segment]
        return fraction * self.height_m * dict(self.proportions).get(segment, 1.0)

    @property
    def leg_m(self) -> float:
        """Length of a straight leg from hip to ankle, in m."""
        return self.length_m('thigh') + self.length_m('shank')


def rotation(axis: int, angle: Real[np.ndarray, '*n'] | float) -> Float[np.ndarray, '*n 3 3']:
    """Return matrices of right-handed rotations about the axis 0 (x), 1 (y) or 2 (z); angles in rad."""
    angle = np.asarray(angle, dtype=np.float64)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., axis, axis] = 1
    matrix[..., first, first] = matrix[..., second, second] = np.cos(angle)
    matrix[..., first, second] = -np.sin(angle)
    matrix[..., second, first] = np.sin(angle)
    return matrix


# The joint angles of a pose, in rad, all zero when standing straight with hanging arms. Angles of limbs have the suffix
# _right or _left.
LIMB_ANGLES = (
    'shoulder_flexion',
    'shoulder_abduction',
    'shoulder_rotation',
    'elbow_flexion',
    'hip_flexion',
    'hip_abduction',
    'hip_rotation',
    'knee_flexion',
)
TRUNK_ANGLES = ('lean_forward', 'lean_right', 'twist', 'nod')


def forward_kinematics(
    subject: Subject, angles: Mapping[str, np.ndarray | float], heading_rad: np.ndarray, ground_m: np.ndarray
) -> Float[np.ndarray, 'time 14 3']:
    """Compute joint positions from joint angles, with the lower foot on the floor.

    The body's axes are x to its right, y forward, z up. World axes are x to the right as seen from the radar, y away
    from the radar, z up, with the floor at 0.

    Args:
        subject: The person whose limb lengths to use.
        angles: Arrays of equal length by angle name (see ``LIMB_ANGLES``, ``TRUNK_ANGLES``); those left out are 0.
        heading_rad: Heading of the body, (time,); 0 is along +y, pi towards the radar.
        ground_m: Ground position of the pelvis, (time, 2) as x, y.

    Returns:
        (time, 14, 3) in m, world axes.
    """
    time = len(heading_rad)
    known = {*TRUNK_ANGLES, *(f'{name}_{side}' for name in LIMB_ANGLES for side in ('right', 'left'))}
    if unknown := set(angles) - known:
        raise ValueError(f'unknown joint angle {sorted(unknown)[0]!r}; known are {sorted(known)}')

    def angle(name: str) -> np.ndarray:
        return np.broadcast_to(np.asarray(angles.get(name, 0.0), dtype=np.float64), (time,))

    def down(matrix: np.ndarray, length_m: float) -> np.ndarray:
        return -length_m * matrix[..., :, 2]

    joints = np.zeros((time, len(JOINTS), 3))
    trunk = rotation(2, -angle('twist')) @ rotation(1, angle('lean_right')) @ rotation(0, -angle('lean_forward'))
    neck = subject.length_m('trunk') * trunk[..., :, 2]
    joints[:, JOINTS['Neck']] = neck
    joints[:, JOINTS['Head']] = neck + subject.length_m('head') * (trunk @ rotation(0, -angle('nod')))[..., :, 2]
    for side, sign, letter in (('right', 1.0, 'R'), ('left', -1.0, 'L')):
        shoulder = neck + sign * subject.length_m('half_shoulders') * trunk[..., :, 0]
        shoulder = shoulder + subject.shoulder_rise * subject.height_m * trunk[..., :, 2]
        upper = (
            trunk
            @ rotation(1, -sign * angle(f'shoulder_abduction_{side}'))
            @ rotation(0, angle(f'shoulder_flexion_{side}'))
            @ rotation(2, -sign * angle(f'shoulder_rotation_{side}'))
        )
        elbow = shoulder + down(upper, subject.length_m('upper_arm'))
        wrist = elbow + down(upper @ rotation(0, angle(f'elbow_flexion_{side}')), subject.length_m('forearm'))
        for name, position in (('Shoulder', shoulder), ('Elbow', elbow), ('Wrist', wrist)):
            joints[:, JOINTS[f'{letter}_{name}']] = position

        hip = np.zeros((time, 3))
        hip[:, 0] = sign * subject.length_m('half_hips')
        thigh = (
            rotation(1, -sign * angle(f'hip_abduction_{side}'))
            @ rotation(0, angle(f'hip_flexion_{side}'))
            @ rotation(2, -sign * angle(f'hip_rotation_{side}'))
        )
        knee = hip + down(thigh, subject.length_m('thigh'))
        ankle = knee + down(thigh @ rotation(0, -angle(f'knee_flexion_{side}')), subject.length_m('shank'))
        for name, position in (('Hip', hip), ('Knee', knee), ('Ankle', ankle)):
            joints[:, JOINTS[f'{letter}_{name}']] = position

    joints = np.einsum('tij,tkj->tki', rotation(2, np.asarray(heading_rad)), joints)
    lowest = joints[:, [JOINTS['R_Ankle'], JOINTS['L_Ankle']], 2].min(axis=1)
    joints[..., 2] += (subject.length_m('foot_height') - lowest)[:, None]
    joints[..., :2] += np.asarray(ground_m)[:, None, :]
    return joints


def leg_angles(
    subject: Subject, side: str, ankle_from_hip_m: Float[np.ndarray, 'time 3']
) -> dict[str, Float[np.ndarray, 'time']]:
    """Compute the angles of one leg from its ankle's position: the inverse of :func:`forward_kinematics` for a leg.

    Args:
        subject: The person whose limb lengths to use.
        side: ``'right'`` or ``'left'``.
        ankle_from_hip_m: Position of the ankle relative to its hip, in the body's axes (right, forward, up), (time, 3).

    Returns:
        Hip flexion, hip abduction and knee flexion in rad by angle name.

    Raises:
        ValueError: The ankle is farther from the hip than the leg reaches, or nearer than it can fold.
    """
    right, forward, up = np.moveaxis(np.asarray(ankle_from_hip_m, dtype=np.float64), -1, 0)
    thigh, shank = subject.length_m('thigh'), subject.length_m('shank')
    distance = np.linalg.norm(ankle_from_hip_m, axis=-1)
    if np.any(distance > thigh + shank) or np.any(distance < abs(thigh - shank)):
        raise ValueError(
            f'an ankle {distance.min():.3f} to {distance.max():.3f} m from its hip is out of reach of a leg of '
            f'{thigh + shank:.3f} m'
        )
    # Abduction turns the plane of the leg until the ankle lies in it; the rest is a triangle of thigh, shank, distance.
    sign = 1.0 if side == 'right' else -1.0
    abduction = np.arctan2(sign * right, -up)
    knee = np.pi - np.arccos((thigh**2 + shank**2 - distance**2) / (2 * thigh * shank))
    at_hip = np.arctan2(shank * np.sin(knee), thigh + shank * np.cos(knee))
    flexion = np.arctan2(forward, np.hypot(right, up)) + at_hip
    return {f'hip_flexion_{side}': flexion, f'hip_abduction_{side}': abduction, f'knee_flexion_{side}': knee}
