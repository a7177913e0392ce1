"""Base class of recordings, which give access to the frames of one radar."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Complex64

from mmradar.errors import DataError
from mmradar.radar.config import RadarConfig
from mmradar.radar.range_doppler import range_doppler_from_cube

# Frame numbers
Frames = Sequence[int] | np.ndarray | slice | None


class ADCFileError(DataError):
    """Error of a file of radar samples that does not match its radar configuration, or is damaged."""


@dataclass(frozen=True)
class OpenedFile:
    """Record of how a file was opened, with its state at that time, so that another process can open the same file.

    Args:
        opener: Function that opened it, called with (path, config, **options).
        path: The file, as an absolute path.
        config: The radar that wrote it.
        options: Further arguments of ``opener``, by name.
        size_bytes: Size of the file.
        changed_ns: Time of the file's last change, in ns since 1970.
    """

    opener: Callable[..., Recording]
    path: Path
    config: RadarConfig
    options: tuple[tuple[str, Any], ...]
    size_bytes: int
    changed_ns: int

    @classmethod
    def now(cls, opener: Callable[..., Recording], path: str | Path, config: RadarConfig, **options) -> OpenedFile:
        """Record the current state of a file.

        Raises:
            FileNotFoundError: No such file.
        """
        path = Path(path).absolute()
        if not path.is_file():
            raise FileNotFoundError(f'no radar recording at {path}')
        status = path.stat()
        return cls(opener, path, config, tuple(options.items()), status.st_size, status.st_mtime_ns)

    def check(self) -> None:
        """Raise if the file has changed since it was opened.

        Raises:
            FileNotFoundError: The file is gone.
            ADCFileError: The file has changed.
        """
        now = OpenedFile.now(self.opener, self.path, self.config, **dict(self.options))
        if now != self:
            raise ADCFileError(
                f'{self.path} was changed while it was in use: opened with {self.size_bytes:,} bytes, now it has '
                f'{now.size_bytes:,}, written later. Start again, so that the file is checked again.'
            )

    def reopen(self) -> Recording:
        """Open the same recording again.

        Raises:
            FileNotFoundError: The file is gone.
            ADCFileError: The file has changed.
        """
        self.check()
        return self.opener(self.path, self.config, **dict(self.options))


class Recording(ABC):
    """Base class of recordings: frames of one radar from a file, a simulation, or a live capture.

    A recording of a file neither holds samples nor keeps the file open, because a data set opens all of its recordings,
    some thousand of them, once. Its pickle contains only how the file was opened; the process that loads it opens and
    checks the file again. The pickle of a recording in memory contains the samples.

    Args:
        path: The file; for a recording in memory, a name for messages.
        config: The radar.
        dropped_frames: Number of frames left out because they are incomplete.
        notes: Sentences on what was left out.
        missing_frames: Numbers of frames that the radar sent but that are left out, although later frames exist. Later
            frames have moved up, so they no longer match labels or another radar's frames by number.
        file: Record of how the file was opened; ``None`` for a recording in memory.
    """

    def __init__(
        self,
        path: Path,
        config: RadarConfig,
        dropped_frames: int = 0,
        notes: Sequence[str] = (),
        missing_frames: Sequence[int] = (),
        file: OpenedFile | None = None,
    ) -> None:
        self.path, self.config, self.dropped_frames, self.notes = path, config, dropped_frames, tuple(notes)
        self.missing_frames, self.file = tuple(missing_frames), file

    @abstractmethod
    def __len__(self) -> int:
        """Number of frames that can be read."""

    @abstractmethod
    def cube(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant loops samples']:
        """Return the complex samples of frames, in the given order; of all frames if ``None``.

        Returns:
            complex64, (frames, tx * rx, loops, samples); for raw files in ADC counts.

        Raises:
            IndexError: The recording does not have one of the frames.
            FileNotFoundError: The file is gone.
            ADCFileError: The file has changed or is damaged.
        """

    def range_doppler(self, frames: Frames = None, **options) -> Complex64[np.ndarray, 'frames ant doppler range']:
        """Return the range and Doppler transforms of frames, in the given order; of all frames if ``None``.

        Args:
            frames: Numbers of the frames.
            **options: See :func:`mmradar.radar.range_doppler_from_cube`.

        Raises:
            IndexError, FileNotFoundError, ADCFileError: See :meth:`cube`.
            ValueError: See :func:`mmradar.radar.range_doppler`.
            DataError: The recording does not hold the range bins.
        """
        return range_doppler_from_cube(self.cube(frames), **options)

    def fingerprint(self) -> dict[str, Any] | None:
        """Return all that the samples depend on, ready for JSON: file, size, time of change, radar, options.

        The fingerprint of a recording in memory is ``None``.
        """
        if self.file is None:
            return None
        return dict(
            path=str(self.file.path.resolve()),
            size_bytes=self.file.size_bytes,
            changed_ns=self.file.changed_ns,
            radar=asdict(self.config),
            options=dict(self.file.options),
        )

    def __reduce_ex__(self, protocol: int) -> str | tuple:
        return super().__reduce_ex__(protocol) if self.file is None else (self.file.reopen, ())

    def _selection(self, frames: Frames) -> slice | np.ndarray:
        """Return the index of frames in an array; consecutive frames become a slice, which avoids a copy."""
        if frames is None or isinstance(frames, slice):
            return slice(None) if frames is None else frames
        index = np.asarray(frames, dtype=np.int64)
        if index.ndim != 1:
            raise IndexError(f'{self.path}: expected a list of frame numbers, such as [3], found {frames!r}')
        if index.size and (index.min() < 0 or index.max() >= len(self)):
            raise IndexError(f'{self.path}: asked for frames {index.min()} to {index.max()}, there are {len(self)}')
        if index.size and np.array_equal(index, np.arange(index[0], index[0] + len(index))):
            return slice(int(index[0]), int(index[0]) + len(index))
        return index


def check_on_error(on_error: str, known: tuple[str, ...] = ('raise', 'drop')) -> None:
    """Raise unless ``on_error`` is one of ``known``.

    Raises:
        ValueError: The value is unknown.
    """
    if on_error not in known:
        raise ValueError(f'on_error must be one of {", ".join(map(repr, known))}, found {on_error!r}')
