"""The frame source: whatever has a radar, a length, and cubes of its frames."""

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

Frames = Sequence[int] | slice | None


class ADCFileError(DataError):
    """A file of radar samples that does not hold what its radar configuration says."""


@dataclass(frozen=True)
class OpenedFile:
    """How a file was opened and what it was then, so that another process can open the very same.

    Args:
        opener: What opened it, of (path, config, **options).
        path: The file, absolute.
        config: The radar that wrote it.
        options: Further arguments of ``opener``, by name.
        size_bytes: Its size.
        changed_ns: When it was last changed, ns since 1970.
    """

    opener: Callable[..., Recording]
    path: Path
    config: RadarConfig
    options: tuple[tuple[str, Any], ...]
    size_bytes: int
    changed_ns: int

    @classmethod
    def now(cls, opener: Callable[..., Recording], path: str | Path, config: RadarConfig, **options) -> OpenedFile:
        """The file as it is.

        Raises:
            FileNotFoundError: No such file.
        """
        path = Path(path).absolute()
        if not path.is_file():
            raise FileNotFoundError(f'no radar recording at {path}')
        status = path.stat()
        return cls(opener, path, config, tuple(options.items()), status.st_size, status.st_mtime_ns)

    def check(self) -> None:
        """Raise unless the file is what it was.

        Raises:
            FileNotFoundError: It is gone.
            ADCFileError: It was changed.
        """
        now = OpenedFile.now(self.opener, self.path, self.config, **dict(self.options))
        if now != self:
            raise ADCFileError(
                f'{self.path} was changed while it was in use: opened with {self.size_bytes:,} bytes, now it has '
                f'{now.size_bytes:,}, written later. Start anew, so that it is checked again.'
            )

    def reopen(self) -> Recording:
        """The same recording again.

        Raises:
            FileNotFoundError: The file is gone.
            ADCFileError: It was changed.
        """
        self.check()
        return self.opener(self.path, self.config, **dict(self.options))


class Recording(ABC):
    """Frames of one radar: a file's, a simulation's, or received ones.

    One of a file holds none of its samples and keeps nothing open: a data set opens each of its recordings once, some
    thousand of them. Pickled, it carries how it was opened and is opened and checked again in the other process. One
    in memory carries its samples.

    Args:
        path: The file; in memory, a name for messages.
        config: The radar.
        dropped_frames: Frames left out because they are not whole.
        notes: What was left out, in sentences.
        missing_frames: Numbers of frames that the radar sent and that are left out though later ones are there; those
            have moved up, and are no longer the frames of these numbers of a label or of another radar.
        file: How the file was opened; ``None`` of a recording in memory.
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
        """Frames that can be read."""

    @abstractmethod
    def cube(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant loops samples']:
        """Complex samples of frames, in this order; all of them if ``None``.

        Returns:
            complex64, (frames, tx * rx, loops, samples); of a raw file in ADC counts.

        Raises:
            IndexError: A frame the recording does not have.
            FileNotFoundError: Its file is gone.
            ADCFileError: Its file was changed, or is damaged.
        """

    def fingerprint(self) -> dict[str, Any] | None:
        """What the samples depend on, as JSON can hold it: file, size, time of change, radar, options.

        ``None`` of a recording in memory.
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
        """What to index with; frames side by side become a slice, which copies nothing."""
        if frames is None or isinstance(frames, slice):
            return slice(None) if frames is None else frames
        frames = np.asarray(frames, dtype=np.int64)
        if frames.size and (frames.min() < 0 or frames.max() >= len(self)):
            raise IndexError(f'{self.path}: asked for frames {frames.min()} to {frames.max()}, there are {len(self)}')
        if frames.size and np.array_equal(frames, np.arange(frames[0], frames[0] + len(frames))):
            return slice(int(frames[0]), int(frames[0]) + len(frames))
        return frames


def check_on_error(on_error: str, known: tuple[str, ...] = ('raise', 'drop')) -> None:
    """Raise unless ``on_error`` is one of ``known``.

    Raises:
        ValueError: It is not.
    """
    if on_error not in known:
        raise ValueError(f'on_error must be one of {", ".join(map(repr, known))}, found {on_error!r}')
