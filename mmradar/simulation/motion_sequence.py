"""Recorded motion: sampled joint positions, checked to be a person's and interpolated smoothly between samples."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from functools import cached_property
from typing import cast

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from mmradar.errors import DataError
from mmradar.simulation.skeleton import JOINT_NAMES, JOINTS, Subject

STATURES_M = (0.8, 2.5)
UNITS_M = {
    'millimetres': 0.001,
    'centimetres': 0.01,
    'inches': 0.0254,
    "CMU's Acclaim unit": 0.0254 / 0.45,
    'feet': 0.3048,
}
RIGID_BONES = {
    'thigh': ('Hip', 'Knee'),
    'shank': ('Knee', 'Ankle'),
    'upper arm': ('Shoulder', 'Elbow'),
    'forearm': ('Elbow', 'Wrist'),
}
_FRAME_RATES_HZ = (1.0, 10_000.0)
# Largest ratio between a person's left and right bone. The worst of 300 Kinect clips has 1.35.
_SIDE_RATIO = 1.5
# The measured part of a body, legs and trunk, as a fraction of its height.
_LEGS_AND_TRUNK = sum(Subject(height_m=1.0).length_m(segment) for segment in ('thigh', 'shank', 'trunk'))
# Times that are outside the motion by less than this are rounding errors.
_TIME_SLACK_S = 1e-9


@dataclass(frozen=True, eq=False)
class MotionSequence:
    """Joint positions of one person over time, evenly sampled. World axes as in ``mmradar.simulation.skeleton``.

    The constructor checks shape, finite numbers, unit, and that bones keep their length. Sequences derived from another
    (by ``resampled``, ``smoothed`` and so on) skip the check of bones, since interpolation and filters may stretch a
    noisy bone a little further.

    Args:
        positions_m: Joint positions, (frames, 14, 3), in m, joints in HuPR's order; copied and made read-only.
        frame_rate_hz: Frames per second, 1 to 10,000.
        name: Description of the motion, for people.
        source: File that the motion is from, for messages.
        bone_tolerance: Largest deviation of a thigh, shank, upper arm or forearm from its median length, as a share of
            that length; ``inf`` disables the check of bones. A Kinect needs 0.4.

    Raises:
        DataError: The positions are not those of a moving person. The message says what was expected and found, and
            where.
    """

    positions_m: Float[np.ndarray, 'frames 14 3'] = field(repr=False)
    frame_rate_hz: float
    name: str = ''
    source: InitVar[str] = ''
    bone_tolerance: InitVar[float] = 0.25

    def __post_init__(self, source: str, bone_tolerance: float) -> None:
        where = source or self.name or 'motion'
        found = np.asarray(self.positions_m)
        if found.dtype.kind not in 'iuf' or found.ndim != 3 or found.shape[1:] != (len(JOINT_NAMES), 3):
            raise DataError(
                f'{where}: expected positions (frames, {len(JOINT_NAMES)}, 3) in m, found {found.dtype} {found.shape}'
            )
        if len(found) < 2:
            raise DataError(f'{where}: expected at least 2 frames, found {len(found)}')
        positions = found.astype(np.float64)  # a copy: nobody else writes into it
        if not _FRAME_RATES_HZ[0] <= self.frame_rate_hz <= _FRAME_RATES_HZ[1]:
            raise DataError(f'{where}: expected a frame rate of 1 to 10,000 Hz, found {self.frame_rate_hz} Hz')
        broken = np.argwhere(~np.isfinite(positions).all(axis=-1))
        if len(broken):
            frame, joint = broken[0]
            raise DataError(
                f'{where}: {JOINT_NAMES[joint]} in frame {frame} is {positions[frame, joint]}; expected finite '
                f'numbers, which {len(broken)} of {positions.shape[0] * positions.shape[1]} joint positions are not'
            )
        _check_unit(positions, where)
        if np.isfinite(bone_tolerance):
            _check_bones(positions, bone_tolerance, where)
        positions.setflags(write=False)
        object.__setattr__(self, 'positions_m', positions)
        object.__setattr__(self, 'frame_rate_hz', float(self.frame_rate_hz))

    def __len__(self) -> int:
        return len(self.positions_m)

    @property
    def duration_s(self) -> float:
        """Time from the first frame to the last, in s."""
        return (len(self) - 1) / self.frame_rate_hz

    @property
    def stature_m(self) -> float:
        """Body height in m, estimated from legs and trunk by the proportions of ``Subject``."""
        return estimate_stature(self.positions_m)

    @property
    def heading_rad(self) -> Float[np.ndarray, 'frames']:
        """Heading of the body in each frame, in rad: 0 along +y, pi towards the radar.

        It is perpendicular to the horizontal direction from left to right hip and shoulder; NaN where they lie above
        each other.
        """
        differences = (
            self.positions_m[:, JOINTS[f'R_{part}'], :2] - self.positions_m[:, JOINTS[f'L_{part}'], :2]
            for part in ('Hip', 'Shoulder')
        )
        right = cast(np.ndarray, sum(differences))  # the stubs of sum add its start, an int
        heading = np.arctan2(right[:, 1], right[:, 0])  # the right side is at heading 0 along +x
        return np.where(np.linalg.norm(right, axis=-1) > 0.01, heading, np.nan)

    @cached_property
    def _spline(self) -> CubicSpline:
        return CubicSpline(np.arange(len(self)) / self.frame_rate_hz, self.positions_m, axis=0)

    def joints_m(self, time_s: Float[np.ndarray, 'time'], outside: str = 'raise') -> Float[np.ndarray, 'time 14 3']:
        """Interpolate joint positions at any times with a cubic spline: velocity and acceleration are continuous.

        Args:
            time_s: Times from the first frame, in s.
            outside: What to do with times before the first frame or after the last: ``'raise'``, or ``'clamp'`` to
                keep the pose at that end (the velocity drops to 0 at once).

        Returns:
            (time, 14, 3) in m, world axes.

        Raises:
            ValueError: A time is NaN, or it is outside and ``outside`` is ``'raise'``.
        """
        if outside not in ('raise', 'clamp'):
            raise ValueError(f"outside must be 'raise' or 'clamp', found {outside!r}")
        time_s = np.asarray(time_s, dtype=np.float64)
        within = (time_s >= -_TIME_SLACK_S) & (time_s <= self.duration_s + _TIME_SLACK_S)
        if np.isnan(time_s).any() or (outside == 'raise' and not within.all()):
            wrong = time_s[~within].flat[0]
            raise ValueError(f"time {wrong} s is outside the motion's 0 to {self.duration_s} s")
        return self._spline(np.clip(time_s, 0.0, self.duration_s))

    def placed(
        self,
        place_m: tuple[float, float] = (0.0, 2.4),
        heading_rad: float = np.pi,
        foot_height_m: float | None = 0.07,
    ) -> MotionSequence:
        """Return the motion turned about the vertical and moved, otherwise unchanged.

        Args:
            place_m: Position (x, y) of the pelvis, the middle of both hips, in the first frame.
            heading_rad: Heading of the body in the first frame; 0 is along +y, pi towards the radar.
            foot_height_m: Height above the floor of the lowest ankle of all frames; ``None`` keeps z.

        Raises:
            DataError: The heading in the first frame is undefined (a body that lies on its side).
        """
        turn = heading_rad - self.heading_rad[0]
        if not np.isfinite(turn):
            raise DataError(f'{self.name or "motion"}: where the body faces in its first frame cannot be told')
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        pelvis = self.positions_m[0, [JOINTS['R_Hip'], JOINTS['L_Hip']], :2].mean(axis=0)
        positions = self.positions_m.copy()
        positions[..., :2] = (positions[..., :2] - pelvis) @ rotation.T + np.asarray(place_m)
        if foot_height_m is not None:
            positions[..., 2] += foot_height_m - positions[:, [JOINTS['R_Ankle'], JOINTS['L_Ankle']], 2].min()
        return self._derived(positions)

    def resampled(self, frame_rate_hz: float) -> MotionSequence:
        """Return the motion at another frame rate, from the first frame on, without filtering (see ``smoothed``).

        Raises:
            ValueError: The rate is not positive, or so low that fewer than two frames are left.
        """
        if not (np.isfinite(frame_rate_hz) and frame_rate_hz > 0):
            raise ValueError(f'expected a positive frame rate in Hz, found {frame_rate_hz}')
        frames = int(np.floor((self.duration_s + _TIME_SLACK_S) * frame_rate_hz)) + 1
        if frames < 2:
            raise ValueError(f'{frame_rate_hz} Hz leave one frame of {self.duration_s} s')
        return self._derived(self.joints_m(np.arange(frames) / frame_rate_hz), frame_rate_hz)

    def clip(self, start_s: float = 0.0, stop_s: float | None = None) -> MotionSequence:
        """Return the part between two times, at the same frame rate; its first frame is exactly at ``start_s``.

        Args:
            start_s: Start time, in s.
            stop_s: Latest end time, in s; the end of the motion if ``None``.

        Raises:
            ValueError: The times are outside the motion or less than a frame apart.
        """
        stop_s = self.duration_s if stop_s is None else stop_s
        frames = int(np.floor((stop_s - start_s + _TIME_SLACK_S) * self.frame_rate_hz)) + 1
        if frames < 2:
            raise ValueError(f'{start_s} to {stop_s} s is less than a frame of {1 / self.frame_rate_hz} s')
        self.joints_m(np.array([start_s, stop_s]))  # raises if one is outside
        return self._derived(self.joints_m(start_s + np.arange(frames) / self.frame_rate_hz, outside='clamp'))

    def smoothed(self, cutoff_hz: float) -> MotionSequence:
        """Return the low-passed motion: a Butterworth filter is run forwards and backwards, so there is no delay.

        Gait contains hardly anything above 6 Hz. A Kinect's joints tremble well below that; 2 to 3 Hz calm them.

        Args:
            cutoff_hz: Frequency at which the amplitude is halved, above 0 and below half the frame rate.

        Raises:
            ValueError: The cutoff is not in that range.
        """
        if not 0 < cutoff_hz < self.frame_rate_hz / 2:
            raise ValueError(
                f'expected a cutoff above 0 and below half of {self.frame_rate_hz} Hz, found {cutoff_hz} Hz'
            )
        sections = butter(2, cutoff_hz, fs=self.frame_rate_hz, output='sos')
        # Odd reflection at both ends, over some periods of the cutoff, keeps position and velocity there.
        reach = min(len(self) - 1, max(9, int(np.ceil(3 * self.frame_rate_hz / cutoff_hz))))
        return self._derived(sosfiltfilt(sections, self.positions_m, axis=0, padlen=reach))

    def _derived(self, positions_m: np.ndarray, frame_rate_hz: float | None = None) -> MotionSequence:
        return MotionSequence(
            positions_m, frame_rate_hz or self.frame_rate_hz, self.name, source='', bone_tolerance=np.inf
        )


def estimate_stature(positions: Float[np.ndarray, 'frames 14 3']) -> float:
    """Estimate the body height, in the positions' unit, from the median length of legs and trunk."""
    with np.errstate(over='ignore', invalid='ignore'):
        legs = sum(
            np.linalg.norm(positions[:, JOINTS[f'{side}_{upper}']] - positions[:, JOINTS[f'{side}_{lower}']], axis=-1)
            for side in 'RL'
            for upper, lower in (RIGID_BONES['thigh'], RIGID_BONES['shank'])
        )
        pelvis = (positions[:, JOINTS['R_Hip']] + positions[:, JOINTS['L_Hip']]) / 2
        trunk = np.linalg.norm(positions[:, JOINTS['Neck']] - pelvis, axis=-1)
        return float(np.median(legs / 2 + trunk) / _LEGS_AND_TRUNK)


def guess_metres_per_unit(positions: Float[np.ndarray, 'frames 14 3']) -> float | None:
    """Guess the length unit, in m, in which the body is 1.3 to 2.1 m tall like an adult; ``None`` if there is none.

    Candidates are metres and the units of ``UNITS_M``. They differ by factors larger than 2.1 / 1.3, so at most one
    fits.
    """
    stature = estimate_stature(positions)
    fitting = [scale for scale in (1.0, *UNITS_M.values()) if 1.3 <= stature * scale <= 2.1]
    return fitting[0] if fitting else None


def _check_unit(positions: np.ndarray, where: str) -> None:
    stature = estimate_stature(positions)
    low, high = STATURES_M
    if low <= stature <= high:
        return
    scale = guess_metres_per_unit(positions)
    unit = next((name for name, metres in UNITS_M.items() if metres == scale), None)
    remedy = (
        f'the positions seem to be in {unit}, multiply them by {scale:.4g}'
        if unit
        else 'no usual unit of length makes an adult of it'
    )
    raise DataError(
        f'{where}: by legs and trunk the body is {stature:.4g} m tall, expected {low} to {high} m; {remedy}'
    )


def _check_bones(positions: np.ndarray, tolerance: float, where: str) -> None:
    with np.errstate(over='ignore', invalid='ignore'):
        reach = np.linalg.norm(positions - positions[:, JOINTS['Neck'], None], axis=-1)
        stature = estimate_stature(positions)
        if not (reach <= 1.25 * stature).all():
            frame, joint = np.argwhere(~(reach <= 1.25 * stature))[0]
            raise DataError(
                f'{where}: {JOINT_NAMES[joint]} is {reach[frame, joint]:.4g} m away from the neck in frame {frame}; '
                f'expected no more than 1.25 of the body height, {stature:.3g} m'
            )
    for bone, (upper, lower) in RIGID_BONES.items():
        medians = {}
        for side, letter in (('right', 'R'), ('left', 'L')):
            ends = positions[:, JOINTS[f'{letter}_{upper}']] - positions[:, JOINTS[f'{letter}_{lower}']]
            lengths = np.linalg.norm(ends, axis=-1)
            medians[side] = median = np.median(lengths)
            frame = int(np.abs(lengths - median).argmax())
            if not (abs(lengths[frame] - median) <= tolerance * median and 0.02 < median < STATURES_M[1]):
                raise DataError(
                    f'{where}: the {side} {bone} is {lengths[frame]:.3f} m long in frame {frame} and {median:.3f} m '
                    f'in the median; expected a bone that changes by no more than {tolerance:.0%}'
                )
        if max(medians.values()) > _SIDE_RATIO * min(medians.values()):
            raise DataError(
                f'{where}: the right {bone} is {medians["right"]:.3f} m long, the left one {medians["left"]:.3f} m; '
                f'expected a ratio of at most {_SIDE_RATIO}'
            )
