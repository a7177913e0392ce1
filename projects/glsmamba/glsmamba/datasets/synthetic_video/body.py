"""Body of a person, made of rounded parts around the joints of ``mmradar.simulation``.

All sizes are fractions of body height; they are our choice, guided by the girths in anthropometric tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from glsmamba.datasets.posetrack_files import POSETRACK_KEYPOINTS
from mmradar.simulation.skeleton import JOINTS

# Points that define the parts: PoseTrack's 17 joints and a few more.
_EXTRA = ('skull', 'chin', 'face', 'left_eye', 'right_eye', 'left_hand', 'right_hand', 'left_toe', 'right_toe')
_BANDS = 3
_BAND_ENDS = tuple(f'{side}_band{i}' for i in range(_BANDS) for side in ('left', 'right'))
POINT_NAMES = POSETRACK_KEYPOINTS + _EXTRA + _BAND_ENDS
POINTS = {name: index for index, name in enumerate(POINT_NAMES)}


@dataclass(frozen=True)
class Part:
    """Part of the body: the hull of a few balls.

    Args:
        balls: Name of the centre point and radius of each ball.
        colour: Name of the colour in ``Actor.outfit``.
        own: Joints inside the part, which it does not hide.
        on: Part that this one is painted on, always in front of it; painted parts hide nothing.
    """

    balls: tuple[tuple[str, float], ...]
    colour: str
    own: tuple[str, ...] = ()
    on: str | None = None


def _limbs(side: str) -> dict[str, Part]:
    shoulder, elbow, wrist, hand, hip, knee, ankle, toe = (
        f'{side}_{name}' for name in ('shoulder', 'elbow', 'wrist', 'hand', 'hip', 'knee', 'ankle', 'toe')
    )
    return {
        f'{side}_thigh': Part(((hip, 0.044), (knee, 0.032)), 'trousers', (hip, knee)),
        f'{side}_shank': Part(((knee, 0.031), (ankle, 0.020)), 'shank', (knee, ankle)),
        f'{side}_foot': Part(((ankle, 0.020), (toe, 0.016)), 'shoes', (ankle,)),
        f'{side}_upper_arm': Part(((shoulder, 0.030), (elbow, 0.023)), 'sleeve', (shoulder, elbow)),
        f'{side}_forearm': Part(((elbow, 0.022), (wrist, 0.016)), 'forearm', (elbow, wrist)),
        f'{side}_hand': Part(((wrist, 0.015), (hand, 0.019)), 'skin', (wrist,)),
    }


PARTS: dict[str, Part] = {
    'trunk': Part(
        (('left_shoulder', 0.034), ('right_shoulder', 0.034), ('left_hip', 0.045), ('right_hip', 0.045)),
        'shirt',
        ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip', 'head_bottom'),
    ),
    **{
        f'band{i}': Part(((f'left_band{i}', 0.011), (f'right_band{i}', 0.011)), 'band', on='trunk')
        for i in range(_BANDS)
    },
    'hips': Part((('left_hip', 0.050), ('right_hip', 0.050)), 'trousers', ('left_hip', 'right_hip')),
    'neck': Part((('head_bottom', 0.032), ('chin', 0.030)), 'skin', ('head_bottom',)),
    'head': Part((('skull', 0.052), ('chin', 0.036)), 'hair', ('head_top', 'head_bottom')),
    'face': Part((('face', 0.040), ('chin', 0.033)), 'skin', on='head'),
    'left_eye': Part((('left_eye', 0.008),), 'eyes', on='face'),
    'right_eye': Part((('right_eye', 0.008),), 'eyes', on='face'),
    'nose': Part((('nose', 0.009),), 'nose', on='face'),
    **_limbs('left'),
    **_limbs('right'),
}


def root(name: str) -> str:
    """Return the part that ``name`` is painted on, through all levels; itself if it is not painted on another."""
    on = PARTS[name].on
    return name if on is None else root(on)


def body_points(joints_m: Float[np.ndarray, 'time 14 3'], height_m: float) -> Float[np.ndarray, 'time points 3']:
    """Compute the points of the body in the order of ``POINT_NAMES``; the first 17 are PoseTrack's joints.

    HuPR's 14 joints do not include nose, ears, hands and feet: the head faces where the trunk faces, hands continue the
    forearms, toes point to the front.

    Args:
        joints_m: Joints of ``mmradar.simulation``, in world axes.
        height_m: Body height.
    """

    def unit(vector: np.ndarray) -> np.ndarray:
        return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)

    joint = {name: joints_m[:, index] for name, index in JOINTS.items()}
    points = np.zeros((len(joints_m), len(POINT_NAMES), 3))
    to_right = unit(joint['R_Shoulder'] - joint['L_Shoulder'] + joint['R_Hip'] - joint['L_Hip'])
    spine = unit(joint['Neck'] - (joint['R_Hip'] + joint['L_Hip']) / 2)
    to_front = unit(np.cross(spine, to_right))
    up = unit(joint['Head'] - joint['Neck'])
    face = unit(to_front - (to_front * up).sum(-1, keepdims=True) * up)
    ear = np.cross(face, up)  # points to the right
    middle = joint['Neck'] + 0.117 * height_m * up
    head = {
        'head_bottom': joint['Neck'],
        'head_top': joint['Neck'] + 0.182 * height_m * up,
        'skull': joint['Neck'] + 0.130 * height_m * up,
        'chin': joint['Neck'] + height_m * (0.075 * up + 0.015 * face),
        'face': middle + 0.022 * height_m * face,
        'nose': middle + height_m * (0.056 * face - 0.008 * up),
    }
    for side, sign in (('left', -1.0), ('right', 1.0)):
        letter = side[0].upper()
        for name in ('Shoulder', 'Elbow', 'Wrist', 'Hip', 'Knee', 'Ankle'):
            head[f'{side}_{name.lower()}'] = joint[f'{letter}_{name}']
        forearm = unit(joint[f'{letter}_Wrist'] - joint[f'{letter}_Elbow'])
        shank = unit(joint[f'{letter}_Ankle'] - joint[f'{letter}_Knee'])
        foot = unit(to_front - 0.9 * (to_front * shank).sum(-1, keepdims=True) * shank)
        head[f'{side}_hand'] = joint[f'{letter}_Wrist'] + 0.055 * height_m * forearm
        head[f'{side}_toe'] = joint[f'{letter}_Ankle'] + height_m * (0.085 * foot + 0.018 * shank)
        head[f'{side}_ear'] = middle + 0.046 * height_m * sign * ear
        head[f'{side}_eye'] = middle + height_m * (0.048 * face + 0.018 * sign * ear + 0.012 * up)
        for i in range(_BANDS):
            share = (i + 1) / (_BANDS + 1)
            head[f'{side}_band{i}'] = (1 - share) * joint[f'{letter}_Shoulder'] + share * joint[f'{letter}_Hip']
    for name, position in head.items():
        points[:, POINTS[name]] = position
    return points


def front_rad(points_m: Float[np.ndarray, 'points 3']) -> float:
    """Return the direction that the trunk faces, as an angle in the horizontal plane from x to y."""
    shoulders, hips = (
        points_m[POINTS[f'right_{name}']] - points_m[POINTS[f'left_{name}']] for name in ('shoulder', 'hip')
    )
    right = shoulders + hips
    return float(np.arctan2(right[0], -right[1]))
