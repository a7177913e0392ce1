"""Frames on disk: one memory-mapped file a recording."""

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

_FORMAT = 3  # raise it when the file's content changes for the same settings
_BLOCK_FRAMES = 32
_OPEN_FILES = 256  # a mapped file takes a descriptor, of which a process often has 1,024


class DiskCache:
    """Keeps what a frame stage makes of whole recordings, and makes it on first use.

    A file holds one record a frame: each array, floating-point ones divided by a ``scale`` of the frame so that half
    precision suffices, complex ones as real and imaginary part. Its name is made of everything that its content depends
    on - the stage's settings, the recording's fingerprint, the view - so that a change of any of them never finds an
    old file. Files are written atomically: a killed process leaves nothing that is taken for one. Recordings in memory
    are not kept.

    Args:
        source: The stage.
        folder: Where the files are kept.
        settings: All that the stage depends on, as JSON can hold it.
        dtype: ``'float16'`` or ``'float32'``.

    Raises:
        ConfigError: Another type.
        DataError: When frames are asked for: a file that was damaged.
    """

    def __init__(self, source: FrameSource, folder: str | Path, settings: Any, dtype: str = 'float16') -> None:
        if dtype not in ('float16', 'float32'):
            raise ConfigError(f"a cache on disk is kept in 'float16' or 'float32', not {dtype!r}")
        self.source, self.folder, self.settings, self.dtype = source, Path(folder), settings, np.dtype(dtype)
        self._maps: OrderedDict[Path, np.ndarray] = OrderedDict()

    def __getstate__(self) -> dict:
        return {**self.__dict__, '_maps': OrderedDict()}  # another process maps the files itself

    def __call__(self, view: str, recording: Recording, frames: np.ndarray) -> Arrays:
        """Frames, in this order: arrays (frames, ...) by name."""
        if recording.file is None:
            return self.source(view, recording, frames)
        records = self._map(view, recording)[np.asarray(frames)]
        return {name: self._array(records[name]) for name in records.dtype.names}

    def path(self, view: str, recording: Recording) -> Path:
        """Where the file of a recording is, or will be."""
        key = [_FORMAT, self.settings, view, self.dtype.name, recording.fingerprint()]
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
        return self.folder / f'{recording.path.parent.parent.name}_{recording.path.parent.name}_{digest}.npy'

    def fill(self, view: str, recording: Recording) -> Path:
        """Make the file of a recording, unless it is there. Returns its path."""
        path = self.path(view, recording)
        if path.is_file():
            return path
        self.folder.mkdir(parents=True, exist_ok=True)
        # plain writes: on a full disk they raise, where a memory map would crash the process
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
        """What a frame takes on disk."""
        return self._records(self.source(view, recording, np.zeros(1, int))).dtype.itemsize

    def _map(self, view: str, recording: Recording) -> np.ndarray:
        path = self.path(view, recording)
        if path not in self._maps:
            self.fill(view, recording)
            try:
                self._maps[path] = np.load(path, mmap_mode='r', allow_pickle=False)
            except (ValueError, EOFError) as error:  # numpy's, of a file that was cut off
                raise DataError(
                    f'{path}, of frames kept on disk, is damaged; delete it to have it made anew'
                ) from error
        self._maps.move_to_end(path)
        if len(self._maps) > _OPEN_FILES:
            self._maps.popitem(last=False)
        return self._maps[path]

    def _records(self, arrays: Arrays) -> np.ndarray:
        """One record a frame, a field an array."""
        packed = {name: self._packed(array) for name, array in arrays.items()}
        first = next(iter(packed.values()))
        records = np.empty(len(first), [(name, array.dtype, array.shape[1:]) for name, array in packed.items()])
        for name, array in packed.items():
            records[name] = array
        return records

    def _packed(self, array: np.ndarray) -> np.ndarray:
        """Floating-point arrays (frames, ...) as fields ``scale`` and ``real`` or ``complex``; others as they are."""
        if array.dtype.kind not in 'fc':
            return array
        kind, parts = 'real', np.asarray(array)
        if parts.dtype.kind == 'c':
            kind, parts = 'complex', complex_parts(parts)
        packed = np.empty(len(parts), [('scale', np.float32), (kind, self.dtype, parts.shape[1:])])
        packed['scale'], packed[kind] = to_scaled(parts)
        return packed

    @staticmethod
    def _array(field: np.ndarray) -> np.ndarray:
        """The inverse of :meth:`_packed`."""
        if not field.dtype.names:
            return np.array(field)
        kind = field.dtype.names[1]
        parts = from_scaled(field['scale'], field[kind])
        return parts.view(np.complex64)[..., 0] if kind == 'complex' else parts
