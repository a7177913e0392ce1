"""Finished heatmaps on disk: one memory-mapped file a sequence and view."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Complex64

from mmradar.atomic_write import atomic_write
from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig

_FORMAT = 2  # raise it when the file's content changes for the same settings
_BLOCK_FRAMES = 32


class HeatmapCache:
    """Keeps the heatmaps of whole recordings, and makes them on first use.

    A file holds one record a frame: real and imaginary part of the heatmap, divided by ``scale`` so that half
    precision suffices. Its name is made of everything that its content depends on - the pipeline's settings, the
    radar's configuration, the raw file's size and time of change - so that a change of any of them never finds an old
    file. It is written beside its place and renamed when whole: a killed process leaves nothing that is taken for it.

    Args:
        folder: Where the files are kept.
        settings: The pipeline's settings, as JSON can hold them.
        dtype: ``'float16'`` or ``'float32'``.
    """

    def __init__(self, folder: str | Path, settings: Any, dtype: str = 'float16') -> None:
        if dtype not in ('float16', 'float32'):
            raise ConfigError(f"a heatmap cache is kept in 'float16' or 'float32', not {dtype!r}")
        self.folder, self.settings, self.dtype = Path(folder), settings, np.dtype(dtype)
        self._maps: dict[Path, np.ndarray] = {}

    def __getstate__(self) -> dict:
        return {**self.__dict__, '_maps': {}}  # a worker process maps the files itself

    def path(self, source: str | Path, radar: RadarConfig) -> Path:
        """The cache file of a raw file."""
        source = Path(source).resolve()
        status = source.stat()
        key = [_FORMAT, self.settings, asdict(radar), self.dtype.name, str(source), status.st_size, status.st_mtime_ns]
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
        return self.folder / f'{source.parent.parent.name}_{source.parent.name}_{digest}.npy'

    def frames(
        self,
        source: str | Path,
        indices: Sequence[int],
        radar: RadarConfig,
        num_frames: Callable[[], int],
        compute: Callable[[np.ndarray], Complex64[np.ndarray, 'frames *map']],
    ) -> Complex64[np.ndarray, 'frames *map']:
        """Heatmaps of some frames of a recording.

        Args:
            source: The raw file.
            indices: Frames wanted, in this order.
            radar: The radar that wrote it.
            num_frames: Tells how many frames it holds; asked if no file is there.
            compute: Makes the heatmaps of the frames it is given; called for all of them if no file is there.
        """
        path = self.path(source, radar)
        if path not in self._maps:
            self.fill(source, radar, num_frames, compute)
            self._maps[path] = np.load(path, mmap_mode='r', allow_pickle=False)
        records = self._maps[path][np.asarray(indices)]
        parts = records['map'].astype(np.float32)
        parts *= records['scale'].reshape(-1, *([1] * (parts.ndim - 1)))
        return parts.view(np.complex64)[..., 0]

    def fill(self, source: str | Path, radar: RadarConfig, num_frames: Callable[[], int], compute: Callable) -> Path:
        """Make the cache file of a recording, unless it is there; arguments as for :meth:`frames`. Returns its path."""
        path = self.path(source, radar)
        if not path.is_file():
            self._fill(path, num_frames(), compute)
        return path

    def _fill(self, path: Path, num_frames: int, compute: Callable) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # plain writes: on a full disk they raise, where a memory map would crash the process
        with atomic_write(path) as file:
            for start in range(0, num_frames, _BLOCK_FRAMES):
                records = self._records(compute(np.arange(start, min(start + _BLOCK_FRAMES, num_frames))))
                if start == 0:
                    header = dict(descr=records.dtype.descr, fortran_order=False, shape=(num_frames,))
                    np.lib.format.write_array_header_1_0(file, header)
                file.write(records.tobytes())

    def _records(self, heatmaps: Complex64[np.ndarray, 'frames *map']) -> np.ndarray:
        """One record a frame."""
        parts = np.ascontiguousarray(heatmaps, dtype=np.complex64)[..., None].view(np.float32)
        scale = np.abs(parts).reshape(len(parts), -1).max(axis=1)
        scale[scale == 0] = 1
        records = np.empty(len(parts), np.dtype([('scale', np.float32), ('map', self.dtype, parts.shape[1:])]))
        records['scale'] = scale
        records['map'] = parts / scale.reshape(-1, *([1] * (parts.ndim - 1)))
        return records
