"""Readers of joints from a Kinect V2: arrays, tables, and the labels of the MARS radar data set."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from jaxtyping import Float

from mmradar.errors import DataError
from mmradar.simulation.motion_files.arrays import load_npz
from mmradar.simulation.motion_sequence import MotionSequence
from mmradar.simulation.skeleton import JOINT_NAMES

KINECT_JOINTS = (
    *('SpineBase', 'SpineMid', 'Neck', 'Head', 'ShoulderLeft', 'ElbowLeft', 'WristLeft', 'HandLeft'),
    *('ShoulderRight', 'ElbowRight', 'WristRight', 'HandRight', 'HipLeft', 'KneeLeft', 'AnkleLeft', 'FootLeft'),
    *('HipRight', 'KneeRight', 'AnkleRight', 'FootRight', 'SpineShoulder'),
    *('HandTipLeft', 'ThumbLeft', 'HandTipRight', 'ThumbRight'),
)
# MARS's labels leave out the hands.
MARS_JOINTS = tuple(KINECT_JOINTS[index] for index in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, *range(12, 21)))
# Of 301 clips of MARS that last a second or more, 70 % meet a tolerance of 0.25, and 99.7 % meet this one.
KINECT_BONE_TOLERANCE = 0.4
# For each system of axes, the sign and the axis that give the world's x, y and z.
_AXES = {'world': ((1, 0), (1, 1), (1, 2)), 'camera': ((-1, 0), (1, 2), (1, 1))}


def _kinect_name(joint: str) -> str:
    # The Kinect's Neck is at the throat; its SpineShoulder is between the shoulders, where HuPR's neck is.
    if joint in ('Neck', 'Head'):
        return {'Neck': 'SpineShoulder', 'Head': 'Head'}[joint]
    side, _, part = joint.partition('_')
    return part + {'R': 'Right', 'L': 'Left'}[side]


def from_kinect(
    joints_m: Float[np.ndarray, 'frames joints 3'],
    frame_rate_hz: float = 30.0,
    *,
    axes: str = 'world',
    name: str = '',
    source: str = '',
    bone_tolerance: float = KINECT_BONE_TOLERANCE,
) -> MotionSequence:
    """Make a motion from a Kinect's joints.

    A Kinect mistakes a body that turns its back for one that faces it, so left and right are exchanged. Its joints also
    tremble: see ``MotionSequence.smoothed``.

    Args:
        joints_m: Joint positions in m, (frames, 25, 3) as ``KINECT_JOINTS`` or (frames, 19, 3) as ``MARS_JOINTS``.
        frame_rate_hz: Frames per second.
        axes: ``'world'``: x to the right as seen from the sensor, y away from it, z up, as in MARS; ``'camera'``: the
            Kinect's own, x to the sensor's left, y up, z away from it.
        name: Name of the motion.
        source: File that the joints are from, for messages.
        bone_tolerance: See ``MotionSequence``.

    Raises:
        DataError: The array has another shape, or is not a person's motion.
        ValueError: ``axes`` is neither of these.
    """
    if axes not in _AXES:
        raise ValueError(f"axes must be 'world' or 'camera', found {axes!r}")
    joints_m = np.asarray(joints_m)
    known = {len(names): names for names in (KINECT_JOINTS, MARS_JOINTS)}
    if (
        joints_m.ndim != 3
        or joints_m.shape[1] not in known
        or joints_m.shape[2] != 3
        or joints_m.dtype.kind not in 'iuf'
    ):
        raise DataError(
            f'{source or name or "Kinect joints"}: expected positions (frames, 25 or 19, 3) in m, '
            f'found {joints_m.dtype} {joints_m.shape}'
        )
    names = known[joints_m.shape[1]]
    chosen = joints_m[:, [names.index(_kinect_name(joint)) for joint in JOINT_NAMES]].astype(np.float64)
    positions = np.stack([sign * chosen[..., axis] for sign, axis in _AXES[axes]], axis=-1)
    return MotionSequence(positions, frame_rate_hz, name, source, bone_tolerance)


def read_kinect_csv(
    path: str | Path,
    *,
    frame_rate_hz: float = 30.0,
    axes: str = 'world',
    name: str | None = None,
    bone_tolerance: float = KINECT_BONE_TOLERANCE,
) -> MotionSequence:
    """Read a table of Kinect joints: one line per frame, x, y, z of joint after joint, in m, separated by commas.

    Args:
        path: The file: 75 numbers per line, or 57 without hands; a first line of column names is skipped.
        frame_rate_hz: Frames per second.
        axes: See ``from_kinect``.
        name: Name of the motion; the file name without suffix if ``None``.
        bone_tolerance: See ``MotionSequence``.

    Raises:
        FileNotFoundError: No such file.
        DataError: A line has another number of values, or it is not a person's motion.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no motion at {path}')
    rows: list[list[float]] = []
    with path.open(encoding='utf-8-sig', errors='replace') as file:
        for line_number, line in enumerate(file, 1):
            if not line.strip():
                continue
            words = line.split(',')
            where = f'{path}, line {line_number}'
            if len(words) not in (75, 57) or (rows and len(words) != len(rows[0])):
                expected = f'{len(rows[0])}' if rows else '75 (25 joints) or 57 (19 joints)'
                raise DataError(f'{where}: expected {expected} numbers with commas between, found {len(words)} columns')
            values = [_number(word) for word in words]
            if not rows and line_number == 1 and all(math.isnan(value) for value in values):
                continue  # column names
            if not all(math.isfinite(value) for value in values):
                column = next(index for index, value in enumerate(values) if not math.isfinite(value))
                raise DataError(
                    f'{where}, column {column + 1}: expected a number, found {words[column].strip()[:40]!r}'
                )
            rows.append(values)
    if not rows:
        raise DataError(f'{path}: holds no frames')
    joints = np.array(rows).reshape(len(rows), -1, 3)
    return from_kinect(
        joints, frame_rate_hz, axes=axes, name=name or path.stem, source=str(path), bone_tolerance=bone_tolerance
    )


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


def read_mars(
    path: str | Path,
    subject: int | None = None,
    movement: int | None = None,
    split: int | None = None,
    *,
    min_frames: int = 10,
    bone_tolerance: float = KINECT_BONE_TOLERANCE,
    on_error: str = 'raise',
) -> list[MotionSequence]:
    """Read clips of MARS: runs of frames with consecutive numbers, 10 per second.

    The origin is the radar, about 1 m above the floor: feet are at -0.9 m until ``placed`` puts them on the floor.

    Args:
        path: An ``.npz`` with ``joints`` (frames, 25 or 19, 3) in m, ``subject``, ``movement``, ``split``, ``frame``.
        subject: Subject to read; all if ``None``.
        movement: Movement to read, 1 to 10; all if ``None``.
        split: Split to read: 0 train, 1 validation, 2 test; all if ``None``.
        min_frames: Length of the shortest clip that is kept, at least 2.
        bone_tolerance: See ``MotionSequence``.
        on_error: What to do with a clip that is not a person's motion: ``'raise'``, or ``'drop'`` it.

    Returns:
        The clips in the file's order; an empty list if no frames match.

    Raises:
        FileNotFoundError: No such file.
        DataError: The file is damaged, an array is missing or of another length, or a clip is not a person's motion.
        ValueError: ``on_error`` or ``min_frames`` is invalid.
    """
    path = Path(path)
    if on_error not in ('raise', 'drop'):
        raise ValueError(f"on_error must be 'raise' or 'drop', found {on_error!r}")
    if min_frames < 2:
        raise ValueError(f'min_frames must be at least 2, found {min_frames}')
    content = load_npz(path, ('joints', 'subject', 'movement', 'split', 'frame'))
    joints, frame = content['joints'], content['frame']
    labels = [content[key] for key in ('subject', 'movement', 'split')]
    if joints.ndim != 3:
        raise DataError(f"{path}: expected 'joints' (frames, 25 or 19, 3), found {joints.shape}")
    for key, array in content.items():
        if key != 'joints' and (array.shape != joints.shape[:1] or array.dtype.kind not in 'iu'):
            raise DataError(
                f'{path}: expected {key!r} to be whole numbers {joints.shape[:1]} as there are joints, '
                f'found {array.dtype} {array.shape}'
            )
    kept = np.ones(len(frame), dtype=bool)
    for array, wanted in zip(labels, (subject, movement, split)):
        if wanted is not None:
            kept &= array == wanted
    chosen = np.flatnonzero(kept)
    # A clip ends where the number or any label jumps.
    jumps = (np.diff(chosen) != 1) | (np.diff(frame[chosen].astype(np.int64)) != 1)
    for array in labels:
        jumps |= np.diff(array[chosen].astype(np.int64)) != 0
    clips = []
    for rows in np.split(chosen, np.flatnonzero(jumps) + 1):
        if len(rows) < min_frames:
            continue
        who, what, part = (int(array[rows[0]]) for array in labels)
        name = f'subject {who}, movement {what}, split {part}, frames {frame[rows[0]]} to {frame[rows[-1]]}'
        try:
            clip = from_kinect(joints[rows], 10.0, name=name, source=f'{path}, {name}', bone_tolerance=bone_tolerance)
        except DataError:
            if on_error == 'raise':
                raise
            continue
        clips.append(clip)
    return clips
