"""Motions given by joint angles alone (forward kinematics); the pelvis stays at its place, above the lower foot."""

from __future__ import annotations

import numpy as np

from mmradar.simulation.motions.pose import Pose
from mmradar.simulation.motions.style import Style
from mmradar.simulation.motions.waveforms import pulse, wave


def stand(cycles: np.ndarray, style: Style) -> Pose:
    """Stand with hanging arms; only the sway moves the body."""
    return Pose(
        {
            'shoulder_abduction_right': np.full_like(cycles, 0.1 + 0.15 * style.carriage),
            'shoulder_abduction_left': np.full_like(cycles, 0.1 + 0.15 * style.carriage),
        }
    )


def stand_still(cycles: np.ndarray, style: Style) -> Pose:
    """Stand with a tenth of the usual sway; breathing is most of what a radar sees."""
    return Pose(stand(cycles, style).angles, sway=0.1)


def march(cycles: np.ndarray, style: Style) -> Pose:
    """March on the spot with high knees; arms swing against the legs."""
    swing = 0.5 * style.extent * wave(cycles)
    right, left = pulse(cycles), pulse(cycles, 0.5)
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


def squat(cycles: np.ndarray, style: Style) -> Pose:
    """Bend both knees and come up again; the arms may come forward."""
    depth = style.extent * pulse(cycles)
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


def raise_arms_sideways(cycles: np.ndarray, style: Style) -> Pose:
    """Raise both straight arms sideways together."""
    height = 0.1 + (1.3 + 1.3 * style.carriage) * style.extent * pulse(cycles)
    return Pose({'shoulder_abduction_right': height, 'shoulder_abduction_left': height})


def raise_arms_forward(cycles: np.ndarray, style: Style) -> Pose:
    """Raise both straight arms forward together."""
    return Pose(
        {
            'shoulder_flexion_right': (1.4 + 1.2 * style.carriage) * style.extent * pulse(cycles),
            'shoulder_flexion_left': (1.4 + 1.2 * style.carriage) * style.extent * pulse(cycles),
            'shoulder_abduction_right': np.full_like(cycles, 0.15),
            'shoulder_abduction_left': np.full_like(cycles, 0.15),
        }
    )


def raise_one_arm(cycles: np.ndarray, style: Style) -> Pose:
    """Raise one arm sideways and up; the other hangs."""
    return Pose(
        {
            f'shoulder_abduction_{style.side}': 0.1 + 2.3 * style.extent * pulse(cycles),
            f'elbow_flexion_{style.side}': 0.6 * style.carriage * pulse(cycles),
            f'shoulder_abduction_{style.other_side}': np.full_like(cycles, 0.15),
        }
    )


def wave_hand(cycles: np.ndarray, style: Style) -> Pose:
    """Wave with one raised arm; the forearm goes to and fro twice per cycle."""
    return Pose(
        {
            f'shoulder_abduction_{style.side}': 1.2 + 0.4 * style.carriage + 0.25 * style.extent * wave(2 * cycles),
            f'shoulder_flexion_{style.side}': np.full_like(cycles, 0.5),
            f'elbow_flexion_{style.side}': 1.3 + 0.7 * style.extent * wave(2 * cycles, 0.2),
            f'shoulder_abduction_{style.other_side}': np.full_like(cycles, 0.12),
        }
    )


def swing_arms(cycles: np.ndarray, style: Style) -> Pose:
    """Swing straight arms forward and back: together at carriage 0, alternately at carriage 1."""
    angles = {}
    for side, lag in ((style.side, 0.0), (style.other_side, 0.5 * style.carriage)):
        angles |= {
            f'shoulder_flexion_{side}': 0.2 + 0.9 * style.extent * wave(cycles, lag),
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.15),
            f'elbow_flexion_{side}': np.full_like(cycles, 0.1),
        }
    return Pose(angles)


def circle_arms(cycles: np.ndarray, style: Style) -> Pose:
    """Circle the hands with straight arms held out to the sides."""
    radius = (0.2 + 0.35 * style.carriage) * style.extent
    angles = {}
    for side in ('right', 'left'):
        angles |= {
            f'shoulder_abduction_{side}': 1.3 + radius * wave(cycles),
            f'shoulder_flexion_{side}': radius * wave(cycles, 0.25),
        }
    return Pose(angles)


def punch(cycles: np.ndarray, style: Style) -> Pose:
    """Punch forward with the fists in turn; the trunk twists with them."""
    right, left = pulse(cycles) ** 2, pulse(cycles, 0.5) ** 2
    angles = {'twist': -0.3 * style.extent * (right - left)}
    for side, thrust in (('right', right), ('left', left)):
        angles |= {
            f'shoulder_flexion_{side}': 0.3 + 1.2 * style.extent * thrust,
            f'shoulder_abduction_{side}': 0.35 - 0.25 * thrust,
            f'elbow_flexion_{side}': 2.2 - 2.1 * thrust,
            f'hip_abduction_{side}': np.full_like(cycles, 0.1 + 0.1 * style.carriage),
        }
    return Pose(angles)


def kick(cycles: np.ndarray, style: Style) -> Pose:
    """Swing one leg forward, with the arms out for balance."""
    swing = style.extent * pulse(cycles) ** 2
    return Pose(
        {
            f'hip_flexion_{style.side}': 1.2 * swing - 0.25 * pulse(cycles, 0.4),
            f'knee_flexion_{style.side}': 0.9 * pulse(cycles, 0.2) ** 2 + 0.1,
            'lean_forward': -0.25 * swing,
            'shoulder_abduction_right': 0.3 + 0.8 * style.carriage * swing,
            'shoulder_abduction_left': 0.3 + 0.8 * style.carriage * swing,
            'elbow_flexion_right': np.full_like(cycles, 0.6),
            'elbow_flexion_left': np.full_like(cycles, 0.6),
        }
    )


def side_lunge(cycles: np.ndarray, style: Style) -> Pose:
    """Shift the weight to one side, bend that knee, and come back."""
    lunge = style.extent * pulse(cycles)
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


def bow(cycles: np.ndarray, style: Style) -> Pose:
    """Lean the trunk forward from the hips and come up."""
    depth = style.extent * pulse(cycles)
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


def twist(cycles: np.ndarray, style: Style) -> Pose:
    """Turn the trunk left and right about the vertical, with bent elbows."""
    angles = {'twist': 0.8 * style.extent * wave(cycles)}
    for side in ('right', 'left'):
        angles |= {
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.4 + 0.9 * style.carriage),
            f'elbow_flexion_{side}': np.full_like(cycles, 1.2),
        }
    return Pose(angles)
