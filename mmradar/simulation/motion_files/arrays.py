"""Reader and writer of joint positions in NumPy's own files.

Pickles are refused, so nothing in a file is executed.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmradar.errors import DataError
from mmradar.simulation.motion_sequence import MotionSequence

# An .npz with a larger array is refused as damaged or hostile; 1 GiB holds 3 million frames, 28 hours at 30 Hz.
_LARGEST_BYTES = 2**30


def read_arrays(
    path: str | Path,
    *,
    frame_rate_hz: float | None = None,
    name: str | None = None,
    bone_tolerance: float = 0.25,
) -> MotionSequence:
    """Read an array of joint positions, (frames, 14, 3) in m: HuPR's joints, world axes.

    Args:
        path: An ``.npy`` file of the array, or an ``.npz`` file as from ``write_npz``.
        frame_rate_hz: Frames per second; required for ``.npy``, overrides the rate in an ``.npz``.
        name: Name of the motion; the file name without suffix if ``None``.
        bone_tolerance: See ``MotionSequence``.

    Raises:
        FileNotFoundError: No such file.
        DataError: The file is damaged, holds something else, or the frame rate is unknown.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no motion at {path}')
    with path.open('rb') as file:
        zipped = file.read(2) == b'PK'
    if zipped:
        content = load_npz(path, ('positions_m', 'frame_rate_hz'))
        positions, rate = content['positions_m'], content['frame_rate_hz']
        if rate.shape != () or rate.dtype.kind not in 'iuf':
            raise DataError(f'{path}: expected frame_rate_hz to be one number, found {rate.dtype} {rate.shape}')
        frame_rate_hz = float(rate) if frame_rate_hz is None else frame_rate_hz
    else:
        try:
            positions = np.load(path, mmap_mode='r', allow_pickle=False)  # an array larger than the file fails
        except Exception as error:  # on damaged files the reader raises errors of any type
            raise DataError(f'{path} cannot be read as .npy ({type(error).__name__}: {error})') from error
    if frame_rate_hz is None:
        raise DataError(f'{path}: an .npy file does not say its frame rate; pass frame_rate_hz')
    return MotionSequence(positions, frame_rate_hz, name or path.stem, str(path), bone_tolerance)


def write_npz(motion: MotionSequence, path: str | Path) -> Path:
    """Write a motion as an ``.npz`` file for ``read_arrays``: ``positions_m`` (frames, 14, 3) and ``frame_rate_hz``.

    Args:
        motion: The motion to write.
        path: File to write, whose name ends in ``.npz``.
    """
    path = Path(path)
    if path.suffix != '.npz':
        raise ValueError(f'expected a name that ends in .npz, found {path}')
    np.savez_compressed(path, positions_m=motion.positions_m, frame_rate_hz=np.float64(motion.frame_rate_hz))
    return path


def load_npz(path: str | Path, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """Load arrays of an ``.npz`` by name, without pickles; refuse arrays larger than the archive states.

    Raises:
        FileNotFoundError: No such file.
        DataError: The file is damaged, or an array is missing.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no arrays at {path}')
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            missing = [key for key in keys if f'{key}.npy' not in members]
            if not missing:
                return {key: _read_member(archive, members[f'{key}.npy']) for key in keys}
    except Exception as error:  # on damaged files the readers raise errors of any type
        raise DataError(f'{path} cannot be read as .npz ({type(error).__name__}: {error})') from error
    found = ', '.join(sorted(name.removesuffix('.npy') for name in members))[:300]
    raise DataError(f'{path}: no array {missing[0]!r}; expected {", ".join(keys)}, found {found}')


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, in_columns, dtype = read(stream)
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or not 0 <= size <= min(info.file_size, _LARGEST_BYTES):
            raise ValueError(f'{info.filename} is said to be {dtype} {shape}, which its {info.file_size} bytes are not')
        content = stream.read(size)
    return np.frombuffer(content, dtype).reshape(shape, order='F' if in_columns else 'C')
