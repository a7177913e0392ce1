"""Reader of DeepMimic's clips: JSON files of joint rotations, with the humanoid in a separate file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from mmradar.errors import DataError
from mmradar.simulation.motion_files.kinematics import chain_positions, z_up
from mmradar.simulation.motion_sequence import MotionSequence
from mmradar.simulation.skeleton import JOINT_NAMES

_SIDES = {'R': 'right', 'L': 'left', '': ''}
# Numbers per frame for a joint of each type: a quaternion (4), or an angle about z (1).
_NUMBERS = {'none': 4, 'spherical': 4, 'revolute': 1, 'fixed': 0}


def read_deepmimic(
    path: str | Path,
    *,
    skeleton: str | Path | None = None,
    name: str | None = None,
    bone_tolerance: float = 0.25,
) -> MotionSequence:
    """Read a clip of DeepMimic's humanoid: metres, y up.

    The head is the centre of the ball that is the character's head. Frames of differing durations are resampled with a
    spline to their median rate. A clip made to be looped is read once.

    Args:
        path: The clip.
        skeleton: The character, ``humanoid3d.txt``; if ``None``, searched for in a folder ``characters`` in the clip's
            folder or in one of the two folders above.
        name: Name of the motion; the file name without suffix if ``None``.
        bone_tolerance: See ``MotionSequence``.

    Raises:
        FileNotFoundError: No such file, or no character found.
        DataError: A file is not JSON or has unexpected content; the message says where.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no motion at {path}')
    skeleton_path = _find_character(path) if skeleton is None else Path(skeleton)
    if not skeleton_path.is_file():
        raise FileNotFoundError(f'no character at {skeleton_path}')
    clip = _load(path)
    names, parents, offsets, types, head = _read_character(skeleton_path)
    frames = _frames(path, clip, 1 + 3 + sum(_NUMBERS[kind] for kind in types))

    rotations: list[Rotation | None] = []
    column = 4
    for name_of_joint, kind in zip(names, types):
        values = frames[:, column : column + _NUMBERS[kind]]
        column += _NUMBERS[kind]
        if kind == 'fixed':
            rotations.append(None)
        elif kind == 'revolute':
            rotations.append(Rotation.from_euler('z', values))
        else:
            norms = np.linalg.norm(values, axis=-1)
            if (wrong := (norms < 0.5) | (norms > 2)).any():  # published clips, blended by hand, have 0.58 to 1.12
                frame = int(wrong.argmax())
                raise DataError(
                    f'{path}: frame {frame}: the quaternion of {name_of_joint!r} has the norm {norms[frame]:.3g}, '
                    'expected 1'
                )
            rotations.append(Rotation.from_quat(values[:, [1, 2, 3, 0]]))  # normalises; the file has w first
    # The head's centre turns with the neck.
    nodes = [*parents, names.index('neck')]
    node_positions = chain_positions(nodes, np.array([*offsets, head]), [*rotations, None], frames[:, 1:4])
    order = [
        len(names) if joint == 'Head' else names.index(_joint_name(joint))  # the extra node
        for joint in JOINT_NAMES
    ]
    positions = z_up(node_positions[:, order])
    positions, rate = _even(path, positions, frames[:-1, 0])
    return MotionSequence(positions, rate, name or path.stem, str(path), bone_tolerance)


def _joint_name(joint: str) -> str:
    side, _, part = joint.rpartition('_')
    return f'{_SIDES[side]}_{part}'.lower().lstrip('_')


def _find_character(path: Path) -> Path:
    for folder in path.resolve().parents[:3]:
        if (found := folder / 'characters' / 'humanoid3d.txt').is_file():
            return found
    raise FileNotFoundError(f"no characters/humanoid3d.txt near {path}; pass the character's file as skeleton")


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:  # also for bytes that are not text, numbers too long, lists too deep
        raise DataError(f'{path}: no JSON ({type(error).__name__}: {error})') from error
    if not isinstance(content, dict):
        raise DataError(f'{path}: expected a JSON object, found {type(content).__name__}')
    return content


def _read_character(path: Path) -> tuple[list[str], list[int], list[np.ndarray], list[str], np.ndarray]:
    """Read names, parents, offsets and types of the joints, and the head's centre relative to the neck."""
    content = _load(path)
    try:
        joints = content['Skeleton']['Joints']
        names = [str(joint['Name']) for joint in joints]
        parents = [int(joint['Parent']) for joint in joints]
        types = [str(joint['Type']) for joint in joints]
        offsets = [_attachment(joint) for joint in joints]
        bodies = {str(body['Name']): _attachment(body) for body in content['BodyDefs']}
        turned = [joint['Name'] for joint in joints if any(float(joint.get(f'AttachTheta{x}', 0)) for x in 'XYZ')]
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise DataError(f"{path}: not a character of DeepMimic's ({type(error).__name__}: {error})") from error
    needed = {_joint_name(joint) for joint in JOINT_NAMES if joint != 'Head'}
    if missing := sorted(needed - set(names)):
        raise DataError(f'{path}: no joint {missing[0]!r}; found {", ".join(names)[:600]}')
    if 'neck' not in bodies:
        raise DataError(f"{path}: no body 'neck', which is the head; found {', '.join(bodies)[:600]}")
    if parents[0] != -1 or any(not 0 <= parent < index for index, parent in enumerate(parents) if index):
        raise DataError(f'{path}: expected each joint after its parent and the root first, found parents {parents}')
    if unknown := sorted(set(types[1:]) - (set(_NUMBERS) - {'none'})) or types[0] != 'none':
        raise DataError(f'{path}: joint types {types} hold one that is not read: {unknown}')
    if turned:
        raise DataError(f'{path}: the joint {turned[0]!r} is attached at an angle, which is not read')
    return names, parents, offsets, types, bodies['neck']


def _attachment(entry: dict[str, Any]) -> np.ndarray:
    place = np.array([float(entry[f'Attach{axis}']) for axis in 'XYZ'])
    if not np.isfinite(place).all():
        raise ValueError(f'{entry["Name"]} is attached at {place}')
    return place


def _frames(path: Path, clip: dict[str, Any], numbers: int) -> np.ndarray:
    frames = clip.get('Frames')
    if not isinstance(frames, list) or len(frames) < 2:
        found = f'{len(frames)}' if isinstance(frames, list) else type(frames).__name__
        raise DataError(f'{path}: expected a list "Frames" of at least 2, found {found}')
    for index, frame in enumerate(frames):
        if not isinstance(frame, list) or len(frame) != numbers:
            found = f'{len(frame)}' if isinstance(frame, list) else type(frame).__name__
            raise DataError(f'{path}: frame {index}: expected {numbers} numbers, found {found}')
        if not all(isinstance(value, (int, float)) and abs(value) < 1e6 for value in frame):  # false for NaN
            raise DataError(f'{path}: frame {index}: holds what is no number, or none of a humanoid')
    return np.array(frames, dtype=np.float64)


def _even(path: Path, positions: np.ndarray, durations_s: np.ndarray) -> tuple[np.ndarray, float]:
    """Resample positions to even times unless they are already, and return them with their rate."""
    if not (durations_s > 0).all():
        frame = int((durations_s <= 0).argmax())
        raise DataError(f'{path}: frame {frame}: expected a positive duration, found {durations_s[frame]} s')
    step_s = float(np.median(durations_s))
    if np.ptp(durations_s) <= 0.01 * step_s:
        return positions, 1 / step_s
    odd = (durations_s > 100 * step_s) | (durations_s < 0.01 * step_s)
    if odd.any():
        frame = int(odd.argmax())
        raise DataError(f'{path}: frame {frame}: lasts {durations_s[frame]:.4g} s, the median frame {step_s:.4g} s')
    times = np.concatenate([[0.0], np.cumsum(durations_s)])
    even = np.arange(int(times[-1] / step_s + 1e-6) + 1) * step_s
    return CubicSpline(times, positions, axis=0)(np.minimum(even, times[-1])), 1 / step_s
