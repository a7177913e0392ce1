"""Readers of recorded motions: BVH, Acclaim, DeepMimic, Kinect and plain arrays."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmradar.errors import DataError
from mmradar.simulation.motion_files.acclaim import read_amc
from mmradar.simulation.motion_files.arrays import read_arrays, write_npz
from mmradar.simulation.motion_files.bvh import read_bvh
from mmradar.simulation.motion_files.deepmimic import read_deepmimic
from mmradar.simulation.motion_files.kinect import from_kinect, read_kinect_csv, read_mars
from mmradar.simulation.motion_sequence import MotionSequence

__all__ = [
    'from_kinect',
    'read_amc',
    'read_arrays',
    'read_bvh',
    'read_deepmimic',
    'read_kinect_csv',
    'read_mars',
    'read_motion',
    'write_npz',
]

_BY_SUFFIX: dict[str, Callable[..., MotionSequence]] = {
    '.bvh': read_bvh,
    '.amc': read_amc,
    '.txt': read_deepmimic,
    '.json': read_deepmimic,
    '.csv': read_kinect_csv,
    '.npy': read_arrays,
    '.npz': read_arrays,
}
# First bytes of each kind of file, for files without a known suffix.
_BY_CONTENT: dict[bytes, Callable[..., MotionSequence]] = {
    b'HIERARCHY': read_bvh,
    b'\x93NUMPY': read_arrays,
    b'PK\x03\x04': read_arrays,
    b'{': read_deepmimic,
    b'#!OML:ASF': read_amc,
    b':FULLY-SPECIFIED': read_amc,
}


def read_motion(path: str | Path, **options: Any) -> MotionSequence:
    """Read a recorded motion of any known kind of file, recognised by its suffix or by its first bytes.

    Args:
        path: ``.bvh``; ``.amc`` next to its ``.asf``; DeepMimic's ``.txt`` or ``.json``; Kinect joints in ``.csv``;
            ``.npy`` or ``.npz`` of HuPR's joints. For MARS's file of many clips, use ``read_mars``.
        **options: Arguments of the reader for that kind of file, see ``read_bvh``, ``read_amc``, ``read_deepmimic``,
            ``read_kinect_csv``, ``read_arrays``. All accept ``name`` and ``bone_tolerance``.

    Returns:
        The motion where it was recorded, z up; ``MotionSequence.placed`` puts it in front of the radar.

    Raises:
        FileNotFoundError: No such file, or no skeleton near it.
        DataError: The content is invalid, or not a person's motion. The message says where.
        ImportError: The file is BVH and the package ``pybvh`` is missing.
        TypeError: The reader has no such option.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no motion at {path}')
    reader = _BY_SUFFIX.get(path.suffix.lower())
    if reader is None:
        with path.open('rb') as file:
            start = file.read(64).removeprefix(codecs.BOM_UTF8).lstrip()
        reader = next((reader for magic, reader in _BY_CONTENT.items() if start.startswith(magic)), None)
    if reader is None:
        raise DataError(
            f'{path}: not a kind of motion file that is known; expected one of {", ".join(_BY_SUFFIX)}, '
            f'found a file that begins with {start[:16]!r}'
        )
    return reader(path, **options)
