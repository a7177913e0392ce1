"""Motions given by positions of pelvis and feet, from which the leg angles follow (inverse kinematics)."""

from __future__ import annotations

import numpy as np

from mmradar.simulation.motions.gait import HALF_STANCE, step_along, swing_against_legs, vector
from mmradar.simulation.motions.pose import Footing, Pose
from mmradar.simulation.motions.style import Style
from mmradar.simulation.motions.waveforms import hold, pulse, tempo, wave


def walk(cycles: np.ndarray, style: Style) -> Pose:
    """Walk round a narrow oval: towards the radar, a turn, away from it, a turn; six steps per lap."""
    away, aside = 0.53, (0.2 + 0.06 * style.carriage) * (1 if style.side == 'right' else -1)

    def oval(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        lap = 2 * np.pi * steps / 6
        heading = np.arctan2(aside * np.sin(lap), away * np.cos(lap))
        return aside * np.cos(lap), away * np.sin(lap), heading

    footing = step_along(oval, 6 * tempo(cycles, style, 0.55), lift=0.12 * style.extent)
    return Pose(swing_against_legs(footing, style), footing, sway=0.0)


def walk_to_and_fro(cycles: np.ndarray, style: Style) -> Pose:
    """Walk three steps forward and three backward, facing the same way."""

    def line(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.zeros_like(steps), 0.55 * wave(steps / 6), np.zeros_like(steps)

    footing = step_along(line, 6 * tempo(cycles, style, 0.55), lift=0.12 * style.extent)
    return Pose(swing_against_legs(footing, style), footing, sway=0.0)


def run_in_place(cycles: np.ndarray, style: Style) -> Pose:
    """Run on the spot at 2.2 strides per cycle, arms against legs; ``carriage`` sets how far the feet trail."""

    def spot(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.zeros_like(steps), np.zeros_like(steps), np.zeros_like(steps)

    strides = tempo(cycles, style, 2.2)
    footing = step_along(spot, 2 * strides, lift=0.3 * style.extent, trail=0.2 + 0.5 * style.carriage)
    # A quarter into each stride the right knee is highest and the left elbow foremost.
    swing = 0.5 * style.extent * wave(strides)
    angles = {'lean_forward': np.full_like(cycles, 0.1), 'twist': 0.12 * wave(strides)}
    for side, sign in (('right', -1.0), ('left', 1.0)):
        angles |= {
            f'shoulder_flexion_{side}': sign * swing,
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.15),
            f'elbow_flexion_{side}': np.full_like(cycles, 1.4),
        }
    return Pose(angles, footing, sway=0.0)


def turn(cycles: np.ndarray, style: Style) -> Pose:
    """Turn on the spot by 100 to 150 degrees and back, in eight steps."""
    amount = (1.75 + 0.85 * style.carriage) * (1 if style.side == 'left' else -1)

    def spot(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return np.zeros_like(steps), np.zeros_like(steps), amount * pulse(steps / 8)

    footing = step_along(spot, 8 * tempo(cycles, style, 0.5), lift=0.1 * style.extent)
    return Pose(swing_against_legs(footing, style), footing, sway=0.0)


def front_lunge(cycles: np.ndarray, style: Style) -> Pose:
    """Step forward with one foot, lower the pelvis, and step back; the place is the middle of the step."""
    lunge = hold(tempo(cycles, style, 0.6))
    length = 0.7 * style.extent
    sign = 1.0 if style.side == 'right' else -1.0
    ankles = {
        style.side: vector(sign * HALF_STANCE, length * (lunge - 0.5), 0.4 * lunge * (1 - lunge)),
        style.other_side: vector(-sign * HALF_STANCE, -0.5 * length, 0.0 * lunge),
    }
    footing = Footing(vector(0.0, 0.5 * length * (lunge - 1), 0.97 - 0.28 * style.extent * lunge), ankles, 0.0 * lunge)
    angles = {'lean_forward': 0.15 * lunge}
    for side in ('right', 'left'):
        angles |= {
            f'shoulder_abduction_{side}': 0.15 + 0.5 * style.carriage * lunge,
            f'elbow_flexion_{side}': 0.2 + 1.2 * style.carriage * lunge,
        }
    return Pose(angles, footing, sway=0.0)


def sit_down(cycles: np.ndarray, style: Style) -> Pose:
    """Sit down on a chair, with the pelvis 0.43 to 0.48 leg lengths lower, and get up again."""
    seated = hold(tempo(cycles, style, 0.4))
    under_way = 4 * seated * (1 - seated)
    ankles = {side: vector(x, 0.0, 0.0 * seated) for side, x in (('right', HALF_STANCE), ('left', -HALF_STANCE))}
    pelvis = vector(0.0, -0.38 * seated, 0.98 - (0.43 + 0.05 * style.carriage) * seated)
    # The trunk leans forward to keep the weight over the feet; the hands come to rest on the thighs.
    angles = {'lean_forward': 0.1 * seated + 0.5 * style.extent * under_way}
    for side in ('right', 'left'):
        angles |= {
            f'shoulder_flexion_{side}': 0.1 + 0.4 * seated + 0.4 * style.carriage * under_way,
            f'shoulder_abduction_{side}': np.full_like(cycles, 0.12),
            f'elbow_flexion_{side}': 0.2 + 0.9 * seated,
        }
    return Pose(angles, Footing(pelvis, ankles, 0.0 * seated), sway=0.0)
