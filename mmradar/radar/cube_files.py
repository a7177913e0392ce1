"""Reader of complex cubes that other tools wrote: NumPy, MATLAB and HDF5 files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Complex64

from mmradar.radar.config import RadarConfig
from mmradar.radar.matlab5 import read_matlab5
from mmradar.radar.recording import ADCFileError, Frames, OpenedFile, Recording, check_on_error

CUBE_SUFFIXES = ('.npy', '.mat', '.h5', '.hdf5')
_AXES = ('frame', 'antenna', 'loop', 'sample')
_DEFAULT_AXES = ' '.join(_AXES)
_MOST_COMPRESSION = 1100  # zlib's limit is 1032: an array that claims a larger ratio cannot be in its file
_NPY_SIGNATURE = b'\x93NUMPY'
_HDF5_SIGNATURE = b'\x89HDF\r\n\x1a\n'


class CubeRecording(Recording):
    """Recording of an array in a file, which is opened for every call.

    Args:
        num_frames: Frames of the array.
        order: The array's axes of frame, antenna, loop and sample.
        file, **kwargs: See :class:`Recording`.
    """

    file: OpenedFile

    def __init__(self, num_frames: int, order: Sequence[int], file: OpenedFile, **kwargs) -> None:
        super().__init__(file.path, file.config, file=file, **kwargs)
        self._num_frames, self._order = num_frames, tuple(order)

    def __len__(self) -> int:
        return self._num_frames

    def cube(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant loops samples']:
        selection = self._selection(frames)
        inverse = None
        if not isinstance(selection, slice):
            selection, inverse = np.unique(selection, return_inverse=True)  # h5py reads ascending indices only
        self.file.check()
        with _array_in(self.file) as (array, _):
            index = [slice(None)] * array.ndim
            index[self._order[0]] = selection
            part = _complex(np.asarray(array[tuple(index)]))
        # a copy, because a view of a memory map would keep the file open
        cube = np.array(part.transpose(self._order), np.complex64, order='C')
        return cube if inverse is None else cube[inverse]


def _complex(array: np.ndarray) -> np.ndarray:
    if array.dtype.names:
        return array['real'] + 1j * array['imag']
    if array.ndim == len(_AXES) + 1:
        return array[..., 0] + 1j * array[..., 1]
    return array


def open_cubes(
    path: str | Path,
    config: RadarConfig,
    num_frames: int | None = None,
    on_error: str = 'raise',
    key: str | None = None,
    axes: str | None = None,
) -> CubeRecording:
    """Open a file of complex cubes: ``.npy``, ``.mat`` (version 5 or 7.3), ``.h5`` or ``.hdf5``.

    ``.npy`` and HDF5 are read frame by frame, ``.mat`` of version 5 as a whole. No code in the files is executed. The
    array is complex, or has a last axis of 2 for I and Q.

    Args:
        path: The file.
        config: The radar; the array must have its antennas, loops and samples.
        num_frames: Frames the file must hold; any number if ``None``.
        on_error: ``'raise'``, or ``'drop'`` to accept fewer frames than ``num_frames``.
        key: The array's name; not needed if only one array of the file has four axes.
        axes: The order of the array's axes, words of ``'frame antenna loop sample'`` (the default). MATLAB writes
            version 7.3 with axes reversed; ``axes`` gives them in the order that MATLAB shows.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: The file cannot be read, or does not match the configuration.
        ImportError: The file is HDF5 and h5py is not installed.
        ValueError: ``axes`` or ``on_error`` has an unknown value.
    """
    check_on_error(on_error)
    names = (axes or _DEFAULT_AXES).split()
    if sorted(names) != sorted(_AXES):
        raise ValueError(f'axes must be the words {_DEFAULT_AXES!r} in some order, found {axes!r}')
    file = OpenedFile.now(open_cubes, path, config, num_frames=num_frames, on_error=on_error, key=key, axes=axes)
    with _array_in(file) as (array, reversed_axes):
        shape, dtype = tuple(array.shape), array.dtype
    order = [names.index(axis) for axis in _AXES]
    if reversed_axes:
        order = [3 - place for place in order]
    expected = config.frame_shape
    numeric = dtype.names == ('real', 'imag') or dtype.kind in 'ciuf'
    pairs = len(shape) == 5 and shape[-1] == 2 and dtype.kind in 'iuf'
    if not numeric or (len(shape) != 4 and not pairs) or tuple(shape[o] for o in order[1:]) != expected:
        raise ADCFileError(
            f'{path}: expected complex samples (frames, {", ".join(map(str, expected))}) with axes '
            f'{axes or _DEFAULT_AXES!r}, found {dtype} {shape}'
        )
    frames = shape[order[0]]
    notes, dropped = [], 0
    if frames == 0 or (num_frames is not None and frames != num_frames):
        found = f'{path}: expected {num_frames or "some"} frames, found {frames}'
        if frames == 0 or frames > num_frames or on_error == 'raise':
            raise ADCFileError(found)
        notes, dropped = [f'{found}; the available frames are used'], num_frames - frames
    return CubeRecording(frames, order, file, dropped_frames=dropped, notes=notes)


@contextmanager
def _array_in(file: OpenedFile) -> Iterator[tuple[Any, bool]]:
    """Open a file and yield its array, a NumPy array or h5py dataset, and whether the array's axes are reversed."""
    path, key = file.path, dict(file.options)['key']
    try:
        with path.open('rb') as opened:
            start = opened.read(1024)
        matlab_hdf5 = start[512:520] == _HDF5_SIGNATURE
        if start.startswith(_NPY_SIGNATURE) or path.suffix.lower() == '.npy':
            yield np.load(path, mmap_mode='r', allow_pickle=False), False
        elif matlab_hdf5 or start.startswith(_HDF5_SIGNATURE):
            with _h5py(path).File(path, 'r') as opened:
                yield _array_in_hdf5(path, opened, key), matlab_hdf5
        elif path.suffix.lower() == '.mat':
            yield _matlab_5(file, key), False
        else:
            raise ADCFileError(f'{path}: neither a NumPy nor an HDF5 file; it begins with bytes {start[:8].hex(" ")}')
    except (ADCFileError, ImportError):
        raise
    except Exception as error:  # readers raise errors of many types on damaged files
        raise ADCFileError(f'{path} cannot be read ({type(error).__name__}: {error})') from error


def _pick(path: Path, found: dict[str, tuple[int, ...]], key: str | None) -> str:
    """Return the name of the array to read: ``key`` if given, otherwise the only array that can be a recording."""
    if key is not None:
        if key not in found:
            raise ADCFileError(f'{path}: no array {key!r}, found {", ".join(sorted(found)) or "none"}')
        return key
    fitting = [name for name, shape in found.items() if len(shape) in (4, 5)]
    if len(fitting) != 1:
        shapes = ', '.join(f'{name} {shape}' for name, shape in sorted(found.items())) or 'none'
        raise ADCFileError(f'{path}: name one array of four axes as `key`; there are {shapes}')
    return fitting[0]


def _h5py(path: Path) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise ImportError(f'{path} is an HDF5 file; to read it: pip install h5py') from error
    return h5py


def _array_in_hdf5(path: Path, file: Any, key: str | None) -> Any:
    if key is not None and key in file and hasattr(file[key], 'dtype'):
        return file[key]  # listing all arrays takes longer than reading a frame
    found: dict[str, tuple[int, ...]] = {}

    def note(name: str, item: Any) -> None:
        if getattr(item, 'shape', None) is not None:
            found[name] = item.shape

    file.visititems(note)
    return file[_pick(path, found, key)]


@lru_cache(maxsize=2)  # one file for each of a window's two views: such a file cannot be read in part
def _matlab_5(file: OpenedFile, key: str | None) -> np.ndarray:
    arrays = read_matlab5(file.path)
    array = arrays[_pick(file.path, {name: found.shape for name, found in arrays.items()}, key)]
    if math.prod(array.shape) > _MOST_COMPRESSION * file.size_bytes:
        raise ADCFileError(f'{file.path}: an array {array.shape} cannot be in {file.size_bytes:,} bytes')
    return array.read()
