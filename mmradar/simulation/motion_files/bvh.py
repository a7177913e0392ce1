"""Reader of BVH, the format of most free motion capture.

The package pybvh parses the files; joint positions are computed here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from mmradar.errors import DataError
from mmradar.simulation.motion_files.joint_names import match_joints, plain_name
from mmradar.simulation.motion_files.kinematics import chain_positions, z_up
from mmradar.simulation.motion_sequence import MotionSequence, estimate_stature, guess_metres_per_unit
from mmradar.simulation.skeleton import JOINT_NAMES, JOINTS, Subject

# A joint's name is the rest of its line, spaces included, but pybvh ends it at the first space. While pybvh reads,
# ``_SPACE`` replaces the spaces in names.
_NAME = re.compile(rb'^([ \t]*(?:ROOT|JOINT)[ \t]+)([^{\r\n]*?)([ \t]*\{?[ \t]*\r?)$', re.MULTILINE)
_SPACE = '\x01'
_CHANNELS = re.compile(rb'^([ \t]*CHANNELS[ \t]+)(\d+)((?:[ \t]+\w+)*)[ \t]*(\r?)$', re.MULTILINE)
_TABLE = re.compile(rb'^[ \t]*Frame[ \t]+Time:[^\n]*\n', re.MULTILINE | re.IGNORECASE)
_POSITIONS = [b'Xposition', b'Yposition', b'Zposition']


def read_bvh(
    path: str | Path,
    *,
    metres_per_unit: float | None = None,
    joint_names: Mapping[str, str] | None = None,
    up: str = 'y',
    name: str | None = None,
    bone_tolerance: float = 0.25,
) -> MotionSequence:
    """Read a BVH file with one skeleton, joints named as Mixamo, CMU, Unreal, Blender and others do.

    The rig's joint ``Head`` is at the base of the skull. If the rig has a tip of the head, the head is the middle
    between both; if not, it is as far from the neck as that of a :class:`~mmradar.simulation.Subject`, in the same
    direction. Position channels below the root replace the joint's offset, as in the files of Bandai Namco's motion
    data sets. Position channels must be in the order X, Y, Z: pybvh does not read roots with others.

    Args:
        path: The file.
        metres_per_unit: Length unit in m, which the file does not state. If ``None``, the unit among metres,
            millimetres, centimetres, inches, feet and CMU's (inches / 0.45) in which the body is 1.3 to 2.1 m tall like
            an adult; at most one fits. For a child or a giant it must be given.
        joint_names: The file's joint names by HuPR's, for rigs whose names are not recognised.
        up: Vertical axis: ``'y'``, usual for the format, or ``'z'``.
        name: Name of the motion; the file name without suffix if ``None``.
        bone_tolerance: See ``MotionSequence``.

    Raises:
        FileNotFoundError: No such file.
        DataError: The file is damaged or cut short, a joint is missing, or no unit fits.
        ImportError: The package pybvh is missing.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no motion at {path}')
    motion, joint_positions = _parse(path)
    nodes = motion.nodes
    indices = {id(node): index for index, node in enumerate(nodes)}
    parents = [-1 if node.parent is None else indices[id(node.parent)] for node in nodes]
    names = [node.name.replace(_SPACE, ' ') for node in nodes]
    joints = [index for index, node in enumerate(nodes) if not node.is_end_site()]
    _check_finite(motion.root_pos, f'the place of {names[0]!r}', path)
    # Angles are ordered by joint as in the file; R = R_1 R_2 R_3 for channels in the order 1, 2, 3.
    rotations: list[Rotation | None] = [None] * len(nodes)
    offsets: list[np.ndarray] = [np.asarray(node.offset, np.float64) for node in nodes]
    with np.errstate(over='ignore', invalid='ignore'):
        for column, index in enumerate(joints):
            angles = motion.joint_angles[:, column]
            _check_finite(angles, f'an angle of {names[index]!r}', path)
            # is_end_site, by which joints were selected, does not narrow the node's type to a joint
            channels = nodes[index].rot_channels  # pyright: ignore[reportAttributeAccessIssue]
            rotations[index] = Rotation.from_euler(''.join(channels), angles)
            if column in joint_positions:
                _check_finite(joint_positions[column], f'the place of {names[index]!r}', path)
                offsets[index] = joint_positions[column]
        node_positions = chain_positions(parents, offsets, rotations, motion.root_pos)

        found = match_joints([names[index] for index in joints], joint_names, str(path))
        by_name = {names[index]: index for index in reversed(joints)}  # the first of equal names counts
        order = [by_name[found[joint]] for joint in JOINT_NAMES]
        positions = node_positions[:, order]
        if 'Head' not in (joint_names or {}):
            tip = _head_tip(nodes, parents, order[JOINTS['Head']])
            _place_head(positions, None if tip is None else node_positions[:, tip])
        scale = guess_metres_per_unit(positions) if metres_per_unit is None else metres_per_unit
        if scale is None:
            raise DataError(
                f'{path}: by legs and trunk the body is {estimate_stature(positions):.4g} units tall, an adult in no '
                'usual unit of length; pass metres_per_unit'
            )
        positions = z_up(positions * scale, up)
    return MotionSequence(positions, 1 / motion.frame_time, name or path.stem, str(path), bone_tolerance)


def _check_finite(values: np.ndarray, what: str, path: Path) -> None:
    broken = ~np.isfinite(values).all(axis=-1)
    if broken.any():
        raise DataError(f'{path}: frame {int(broken.argmax())}: {what} is not a finite number')


def _parse(path: Path) -> tuple[Any, dict[int, np.ndarray]]:
    """Return pybvh's motion, and the position channels below the root, see :func:`_split_joint_positions`."""
    try:
        from pybvh import read_bvh_file
    except ImportError as error:
        raise ImportError(f'{path} is a BVH file; to read it: pip install pybvh') from error
    content = _NAME.sub(
        lambda found: found[1] + re.sub(rb'[ \t]', _SPACE.encode(), found[2]) + found[3], path.read_bytes()
    )
    content, joint_positions = _split_joint_positions(content, path)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / 'motion.bvh'  # pybvh reads only files of this suffix, in lower case
        copy.write_bytes(content)
        try:
            # What pybvh warns of (an empty table, the axis that may be up) is checked here.
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                return read_bvh_file(copy, world_up='+y'), joint_positions
        except Exception as error:  # on damaged files the parser raises errors of any type
            message = str(error).replace(str(copy), str(path)).replace(_SPACE, ' ')
            raise DataError(f'{path} cannot be read as BVH ({type(error).__name__}: {message})') from error


def _split_joint_positions(content: bytes, path: Path) -> tuple[bytes, dict[int, np.ndarray]]:
    """Take position channels below the root out of a file, as pybvh does not read them.

    Returns:
        The file without these channels, and for the number of each joint that had them, counted as in the file with the
        root as 0, its positions relative to its parent, (frames, 3).

    Raises:
        DataError: These channels are not X, Y, Z before the rotations, or a row has another number of columns.
    """
    table = _TABLE.search(content)
    if table is None:
        return content, {}
    channels = [found[3].split() for found in _CHANNELS.finditer(content[: table.end()])]
    moving = [joint for joint, kinds in enumerate(channels) if joint and set(kinds) & set(_POSITIONS)]
    if not moving:
        return content, {}
    starts = np.cumsum([0, *map(len, channels)])
    rows = [row for row in (line.split() for line in content[table.end() :].splitlines()) if row]
    for number, row in enumerate(rows):
        if len(row) != starts[-1]:
            raise DataError(f'{path}: frame {number} has {len(row)} numbers; its channels are {starts[-1]}')
    columns: dict[int, slice] = {}
    for joint in moving:
        if channels[joint][:3] != _POSITIONS:
            found = b' '.join(channels[joint]).decode(errors='replace')
            raise DataError(f'{path}: joint {joint}: expected Xposition Yposition Zposition first, found {found}')
        columns[joint] = slice(int(starts[joint]), int(starts[joint]) + 3)
    try:
        positions = {
            joint: np.array([row[where] for row in rows], np.float64).reshape(-1, 3) for joint, where in columns.items()
        }
    except ValueError as error:
        raise DataError(f'{path}: a position is not a number ({error})') from error
    taken = {column for where in columns.values() for column in range(where.start, where.stop)}
    numbers = iter(range(len(channels)))

    def without_positions(found: re.Match[bytes]) -> bytes:
        kinds = found[3].split()[3 * (next(numbers) in columns) :]
        return found[1] + str(len(kinds)).encode() + b''.join(b' ' + kind for kind in kinds) + found[4]

    header = _CHANNELS.sub(without_positions, content[: table.end()])
    lines = (b' '.join(value for column, value in enumerate(row) if column not in taken) for row in rows)
    return header + b'\n'.join(lines) + b'\n', positions


def _place_head(positions: np.ndarray, tip: np.ndarray | None) -> None:
    """Move the head from the base of the skull to its middle, for a rig with a tip of the head or without."""
    base, neck = positions[:, JOINTS['Head']].copy(), positions[:, JOINTS['Neck']]
    if tip is not None and np.linalg.norm(tip - base, axis=-1).max() > 0:
        positions[:, JOINTS['Head']] = (base + tip) / 2
        return
    up = base - neck
    length = np.linalg.norm(up, axis=-1, keepdims=True)
    if length.min() > 0:
        usual = Subject(estimate_stature(positions)).length_m('head')
        positions[:, JOINTS['Head']] = neck + up * np.maximum(usual / length, 1)


def _head_tip(nodes: list, parents: list[int], head: int) -> int | None:
    """Return the node at the head's top: its end site, or the joint that rigs call HeadTop or Head_End."""
    children = [index for index, parent in enumerate(parents) if parent == head]
    for index in children:
        if not nodes[index].is_end_site() and plain_name(nodes[index].name) in ('headtopend', 'headend', 'headnub'):
            return index
    return children[0] if len(children) == 1 and nodes[children[0]].is_end_site() else None
