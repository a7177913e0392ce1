"""Reader of Acclaim's ASF (skeleton) and AMC (motion) files, in which CMU publishes its motion capture data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from mmradar.errors import DataError
from mmradar.simulation.motion_files.kinematics import chain_positions, z_up
from mmradar.simulation.motion_sequence import MotionSequence
from mmradar.simulation.skeleton import JOINT_NAMES, JOINTS

# The bone at whose end each joint is. In CMU's skeletons the bone "wrist" has the rotation of the forearm about its own
# axis; the wrist bends at that bone's end, where the hand begins.
CMU_BONES = {
    'R_Hip': 'rhipjoint',
    'R_Knee': 'rfemur',
    'R_Ankle': 'rtibia',
    'L_Hip': 'lhipjoint',
    'L_Knee': 'lfemur',
    'L_Ankle': 'ltibia',
    'Neck': 'thorax',
    'Head': 'head',
    'L_Shoulder': 'lclavicle',
    'L_Elbow': 'lhumerus',
    'L_Wrist': 'lwrist',
    'R_Shoulder': 'rclavicle',
    'R_Elbow': 'rhumerus',
    'R_Wrist': 'rwrist',
}
_SECTIONS = ('version', 'name', 'units', 'documentation', 'root', 'bonedata', 'hierarchy', 'skin')
_ANGLES = ('rx', 'ry', 'rz')
_SHIFTS = ('tx', 'ty', 'tz')


@dataclass
class _Bone:
    """Bone of the skeleton: a vector from its start to its end, and the rotations it allows about its start."""

    name: str
    line: int
    direction: tuple[float, ...] | None = None
    length: float | None = None
    axis: tuple[tuple[float, ...], str] = ((0.0, 0.0, 0.0), 'xyz')
    channels: tuple[str, ...] = ()


@dataclass
class _Skeleton:
    """Content of an ASF file. Bones come after their parents; the first is the root, without length."""

    length_unit: float = 1.0
    degrees: bool = True
    bones: dict[str, _Bone] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    root_position: np.ndarray = field(default_factory=lambda: np.zeros(3))


def read_amc(
    path: str | Path,
    *,
    skeleton: str | Path | None = None,
    frame_rate_hz: float = 120.0,
    metres_per_unit: float | None = None,
    joint_names: Mapping[str, str] | None = None,
    up: str = 'y',
    name: str | None = None,
    bone_tolerance: float = 0.25,
) -> MotionSequence:
    """Read an Acclaim motion with its skeleton.

    Args:
        path: The ``.amc`` file.
        skeleton: Its ``.asf`` file. If ``None``, the one in the same folder that has the motion's name, or its name up
            to the last underscore (CMU's ``02_01.amc`` belongs to ``02.asf``), or is the only one there.
        frame_rate_hz: Frames per second, which the file does not state. CMU's are 120, except 60 for a few subjects.
        metres_per_unit: Length unit in m; CMU's if ``None``: inches / the skeleton's unit of length.
        joint_names: The bone at whose end a joint of HuPR's is, for joints that differ from ``CMU_BONES``. The head is
            the middle of its bone, unless given here.
        up: Vertical axis, ``'y'`` or ``'z'``.
        name: Name of the motion; the file name without suffix if ``None``.
        bone_tolerance: See ``MotionSequence``.

    Raises:
        FileNotFoundError: No such file, or no skeleton found.
        DataError: A file is damaged or cut short, a bone is missing, or motion and skeleton do not match.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no motion at {path}')
    skeleton_path = _find_skeleton(path) if skeleton is None else Path(skeleton)
    if not skeleton_path.is_file():
        raise FileNotFoundError(f'no skeleton at {skeleton_path}')
    body = _read_asf(skeleton_path)
    bones = list(body.bones)
    ends = dict(CMU_BONES) | dict(joint_names or {})
    if unknown := sorted(set(ends) - set(JOINT_NAMES)):
        raise ValueError(f'joint_names: unknown joint {unknown[0]!r}; known are {", ".join(JOINT_NAMES)}')
    for joint in JOINT_NAMES:
        if ends[joint] not in body.bones:
            raise DataError(
                f'{skeleton_path}: no bone {ends[joint]!r}, at whose end {joint} is; found {", ".join(bones)[:600]}'
            )
    values = _read_frames(path, body)
    scale = 0.0254 / body.length_unit if metres_per_unit is None else metres_per_unit

    # Nodes are the starts of all bones, then their ends.
    with np.errstate(over='ignore', invalid='ignore'):
        place = {bone: index for index, bone in enumerate(bones)}
        vectors = np.array([body.bones[bone].direction for bone in bones])
        vectors *= np.array([[body.bones[bone].length] for bone in bones])
        parents = [place[body.parents[bone]] if bone in body.parents else -1 for bone in bones]
        offsets = np.concatenate([vectors[parents], vectors])
        rotations: list[Rotation | None] = [_turns(body.bones[bone], values.get(bone), body.degrees) for bone in bones]
        columns = [list(body.bones['root'].channels).index(shift) for shift in _SHIFTS]
        root = values['root'][:, columns] + body.root_position
        nodes = [*parents, *range(len(bones))]
        node_positions = chain_positions(nodes, offsets, rotations + [None] * len(bones), root)
        starts, stops = node_positions[:, : len(bones)], node_positions[:, len(bones) :]
        positions = stops[:, [place[ends[joint]] for joint in JOINT_NAMES]]
        if 'Head' not in (joint_names or {}):
            head = place[ends['Head']]
            positions[:, JOINTS['Head']] = (starts[:, head] + stops[:, head]) / 2
        positions = z_up(positions * scale, up)
    return MotionSequence(positions, frame_rate_hz, name or path.stem, str(path), bone_tolerance)


def _turns(bone: _Bone, values: np.ndarray | None, degrees: bool) -> Rotation | None:
    """Return a bone's rotation relative to its parent: channels rotate successively about the bone's fixed axes."""
    kept = [index for index, channel in enumerate(bone.channels) if channel in _ANGLES]
    if values is None or not kept:
        return None
    order = ''.join(bone.channels[index][1] for index in kept)
    axes = Rotation.from_euler(bone.axis[1], bone.axis[0], degrees=degrees)
    turn = Rotation.from_euler(order, values[:, kept], degrees=degrees)
    return axes * turn * axes.inv()


def _find_skeleton(path: Path) -> Path:
    files = sorted(file for file in path.parent.iterdir() if file.suffix.lower() == '.asf')
    for stem in (path.stem, path.stem.rpartition('_')[0]):
        for file in files:
            if stem and file.stem == stem:
                return file
    if len(files) == 1:
        return files[0]
    raise FileNotFoundError(f'no skeleton (.asf) for {path}: {len(files)} beside it, none of its name; pass skeleton')


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that is not empty, without comments."""
    with path.open(encoding='utf-8-sig', errors='replace') as file:
        for number, line in enumerate(file, 1):
            line = line.split('#', 1)[0].strip()
            if line:
                yield number, line


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f'{where}: expected a number, found {text[:40]!r}')
    return value


def _numbers(words: list[str], count: int, where: str) -> np.ndarray:
    if len(words) != count:
        raise DataError(f'{where}: expected {count} numbers, found {len(words)}')
    return np.array([_number(word, where) for word in words])


def _axis_order(word: str, where: str) -> str:
    if sorted(word.lower()) != ['x', 'y', 'z']:
        raise DataError(f'{where}: expected an order of axes like XYZ, found {word[:40]!r}')
    return word.lower()


def _channels(words: list[str], where: str) -> tuple[str, ...]:
    channels = tuple(word.lower() for word in words)
    known = {*_ANGLES, *_SHIFTS}
    if len(set(channels)) != len(channels) or not set(channels) <= known:
        raise DataError(f'{where}: expected channels of {", ".join(sorted(known))}, each once, found {words[:8]}')
    return channels


def _read_asf(path: Path) -> _Skeleton:
    body = _Skeleton()
    root = _Bone('root', 0, (0.0, 0.0, 0.0), 0.0)
    body.bones['root'] = root
    section, bone = '', None
    links: list[tuple[int, list[str]]] = []
    root_angles, root_axes = np.zeros(3), 'xyz'
    for line_number, line in _lines(path):
        where = f'{path}, line {line_number}'
        if line.startswith(':'):
            section = line[1:].split()[0].lower() if line[1:].split() else ''
            if section not in _SECTIONS:
                raise DataError(f'{where}: unknown section {line[:40]!r}; known are {", ".join(_SECTIONS)}')
            continue
        key, *words = line.split()
        key = key.lower()
        if section == 'units' and key == 'length':
            body.length_unit = float(_numbers(words, 1, where)[0])
            if not body.length_unit > 0:
                raise DataError(f'{where}: expected a positive unit of length, found {body.length_unit}')
        elif section == 'units' and key == 'angle':
            if words not in (['deg'], ['rad']):
                raise DataError(f'{where}: expected the unit of angles deg or rad, found {words}')
            body.degrees = words == ['deg']
        elif section == 'root' and key == 'order':
            root.channels = _channels(words, where)
        elif section == 'root' and key == 'axis':
            root_axes = _axis_order(''.join(words), where)
        elif section == 'root' and key == 'position':
            body.root_position = _numbers(words, 3, where)
        elif section == 'root' and key == 'orientation':
            root_angles = _numbers(words, 3, where)
        elif section == 'bonedata':
            if key == 'begin':
                bone = _Bone('', line_number)
            elif bone is None:
                raise DataError(f'{where}: expected begin, found {line[:40]!r}')
            elif key == 'end':
                _add_bone(body, bone, where)
                bone = None
            elif key == 'name':
                bone.name = ' '.join(words)
            elif key == 'direction':
                bone.direction = tuple(_numbers(words, 3, where))
            elif key == 'length':
                bone.length = float(_numbers(words, 1, where)[0])
            elif key == 'axis':
                bone.axis = (tuple(_numbers(words[:3], 3, where)), _axis_order(''.join(words[3:]), where))
            elif key == 'dof':
                bone.channels = _channels(words, where)
                if set(bone.channels) & set(_SHIFTS):
                    raise DataError(f'{where}: bones that shift against their parent are not read')
        elif section == 'hierarchy' and key not in ('begin', 'end'):
            links.append((line_number, line.split()))
    if bone is not None:
        raise DataError(f'{path}: ends within the bone that begins in line {bone.line}')
    if not set(_SHIFTS) <= set(root.channels):
        raise DataError(f'{path}: the root has no order of channels with TX, TY and TZ')
    root.axis = (tuple(root_angles), root_axes)
    return _ordered(body, links, path)


def _add_bone(body: _Skeleton, bone: _Bone, where: str) -> None:
    for key in ('name', 'direction', 'length'):
        if getattr(bone, key) in (None, ''):
            raise DataError(f'{where}: the bone has no {key}')
    if bone.name in body.bones:
        raise DataError(f'{where}: a second bone {bone.name!r}')
    body.bones[bone.name] = bone


def _ordered(body: _Skeleton, links: list[tuple[int, list[str]]], path: Path) -> _Skeleton:
    """Sort bones after their parents, and leave out bones that are not connected to the root."""
    children: dict[str, list[str]] = {}
    for line_number, (parent, *names) in links:
        for name in (parent, *names):
            if name not in body.bones:
                raise DataError(f'{path}, line {line_number}: unknown bone {name[:40]!r}')
        for name in names:
            if name in body.parents or name == 'root':
                raise DataError(f'{path}, line {line_number}: {name!r} has a parent already or is the root')
            body.parents[name] = parent
        children.setdefault(parent, []).extend(names)
    order = ['root']
    for name in order:  # grows while it is walked; each bone has one parent, so it comes once
        order.extend(children.get(name, []))
    body.bones = {name: body.bones[name] for name in order}
    return body


def _read_frames(path: Path, body: _Skeleton) -> dict[str, np.ndarray]:
    """Read the channels of each bone, (frames, channels)."""
    moving = {name: bone for name, bone in body.bones.items() if bone.channels}
    frames: dict[str, list[list[float]]] = {name: [] for name in moving}
    number = 0

    def close(where: str) -> None:
        missing = [name for name in moving if len(frames[name]) != number]
        if missing:
            raise DataError(f'{where}: frame {number} has no values for {", ".join(missing)[:200]}')

    where = str(path)
    for line_number, line in _lines(path):
        where = f'{path}, line {line_number}'
        if line.startswith(':'):
            if line.upper() in (':DEGREES', ':RADIANS') and (line.upper() == ':DEGREES') != body.degrees:
                raise DataError(f'{where}: the motion is in {line[1:].lower()}, its skeleton is not')
            continue
        name, *words = line.split()
        if not words and name.isdecimal():
            close(where)
            number += 1
            if name != str(number):
                raise DataError(f'{where}: expected frame {number}, found {name[:40]}')
        elif number == 0:
            raise DataError(f'{where}: expected the number of the first frame, found {line[:40]!r}')
        elif name not in moving:
            raise DataError(f'{where}: the skeleton has no bone {name[:40]!r} that moves')
        elif len(frames[name]) == number:
            raise DataError(f'{where}: {name!r} comes twice in frame {number}')
        else:
            frames[name].append(list(_numbers(words, len(moving[name].channels), f'{where}, {name}')))
    close(where)
    if number == 0:
        raise DataError(f'{path}: holds no frames')
    return {name: np.array(values) for name, values in frames.items()}
