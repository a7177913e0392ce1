"""Cache of frames on disk, in one memory-mapped file per recording."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from mmradar.atomic_write import atomic_write
from mmradar.datasets.frame_stage import Arrays, FrameSource
from mmradar.errors import ConfigError, DataError
from mmradar.radar import Recording
from mmradar.radar.scaled_frames import complex_parts, from_scaled, to_scaled

_FORMAT = 3  # increase it when the same settings give a different file content
_BLOCK_FRAMES = 32
_OPEN_FILES = 256  # each mapped file takes a descriptor; a process is often limited to 1,024


class DiskCache:
    """Cache on disk of a frame stage's output for whole recordings, filled on first use.

    A file holds one record per frame with all arrays of the stage. Floating-point arrays are divided by a ``scale`` per
    frame, so that half precision suffices; complex ones are stored as real and imaginary parts. The file name is a hash
    of everything that the content depends on - the stage's settings, the recording's fingerprint, the view - so that an
    outdated file is never read. Files are written atomically: a killed process leaves no incomplete file under that
    name. Recordings in memory are not cached.

    Args:
        source: The frame stage.
        folder: Folder for the files.
        settings: Everything that the stage's output depends on, as JSON-serialisable values.
        dtype: Precision of floating-point arrays, ``'float16'`` or ``'float32'``.

    Raises:
        ConfigError: ``dtype`` is another type.
        DataError: A file is damaged; raised when its frames are requested.
    """

    def __init__(self, source: FrameSource, folder: str | Path, settings: Any, dtype: str = 'float16') -> None:
        if dtype not in ('float16', 'float32'):
            raise ConfigError(f"a cache on disk is kept in 'float16' or 'float32', not {dtype!r}")
        self.source, self.folder, self.settings, self.dtype = source, Path(folder), settings, np.dtype(dtype)
        self._maps: OrderedDict[Path, np.ndarray] = OrderedDict()

    def __getstate__(self) -> dict:
        return {**self.__dict__, '_maps': OrderedDict()}  # each process maps the files on its own

    def __call__(self, view: str, recording: Recording, frames: np.ndarray) -> Arrays:
        """Return the arrays (frames, ...) by name, with frames in the given order."""
        if recording.file is None:
            return self.source(view, recording, frames)
        records = self._map(view, recording)[np.asarray(frames)]
        return {name: self._array(records[name]) for name in records.dtype.names}

    def path(self, view: str, recording: Recording) -> Path:
        """Return the path of a recording's file, whether or not it exists yet."""
        key = [_FORMAT, self.settings, view, self.dtype.name, recording.fingerprint()]
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
        return self.folder / f'{recording.path.parent.parent.name}_{recording.path.parent.name}_{digest}.npy'

    def fill(self, view: str, recording: Recording) -> Path:
        """Write the file of a recording unless it exists, and return its path."""
        path = self.path(view, recording)
        if path.is_file():
            return path
        self.folder.mkdir(parents=True, exist_ok=True)
        # plain writes: they raise on a full disk, whereas a memory map would crash the process
        with atomic_write(path) as file:
            for start in range(0, len(recording), _BLOCK_FRAMES):
                block = np.arange(start, min(start + _BLOCK_FRAMES, len(recording)))
                records = self._records(self.source(view, recording, block))
                if start == 0:
                    header = dict(descr=records.dtype.descr, fortran_order=False, shape=(len(recording),))
                    np.lib.format.write_array_header_1_0(file, header)
                file.write(records.tobytes())
        return path

    def frame_bytes(self, view: str, recording: Recording) -> int:
        """Return the size of a frame on disk, in bytes."""
        return self._records(self.source(view, recording, np.zeros(1, int))).dtype.itemsize

    def _map(self, view: str, recording: Recording) -> np.ndarray:
        path = self.path(view, recording)
        if path not in self._maps:
            self.fill(view, recording)
            try:
                self._maps[path] = np.load(path, mmap_mode='r', allow_pickle=False)
            except (ValueError, EOFError) as error:  # raised by numpy for a truncated file
                raise DataError(f'the cache file {path} is damaged; delete it, and it will be made again') from error
        self._maps.move_to_end(path)
        if len(self._maps) > _OPEN_FILES:
            self._maps.popitem(last=False)
        return self._maps[path]

    def _records(self, arrays: Arrays) -> np.ndarray:
        """Return one record per frame, with one field per array."""
        packed = {name: self._packed(np.asarray(array)) for name, array in arrays.items()}
        first = next(iter(packed.values()))
        records = np.empty(len(first), [(name, array.dtype, array.shape[1:]) for name, array in packed.items()])
        for name, array in packed.items():
            records[name] = array
        return records

    def _packed(self, array: np.ndarray) -> np.ndarray:
        """Split a floating-point array (frames, ...) into fields ``scale`` and ``real`` or ``complex``.

        Other arrays are returned unchanged.
        """
        if array.dtype.kind not in 'fc':
            return array
        kind, parts = 'real', array
        if parts.dtype.kind == 'c':
            kind, parts = 'complex', complex_parts(parts)
        packed = np.empty(len(parts), [('scale', np.float32), (kind, self.dtype, parts.shape[1:])])
        packed['scale'], packed[kind] = to_scaled(parts)
        return packed

    @staticmethod
    def _array(field: np.ndarray) -> np.ndarray:
        """Invert :meth:`_packed`."""
        if not field.dtype.names:
            return np.array(field)
        kind = field.dtype.names[1]
        parts = from_scaled(field['scale'], field[kind])
        return parts.view(np.complex64)[..., 0] if kind == 'complex' else parts
