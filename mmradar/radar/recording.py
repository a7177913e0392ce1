"""Recordings on disk, opened without being read: raw files of TI's DCA1000, and complex cubes of other tools."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Complex64, Int16

from mmradar.errors import DataError
from mmradar.radar.adc_layout import HSI_HEADERS, decode_groups, unpack_words
from mmradar.radar.config import RadarConfig

Frames = Sequence[int] | slice | None


class ADCFileError(DataError):
    """A file of radar samples that does not hold what its radar configuration says."""


class Recording(ABC):
    """Frames of one radar, read from disk as they are asked for.

    Args:
        path: The file, for messages.
        config: The radar that wrote it.
        dropped_frames: Frames left out because they are not whole.
        notes: What was left out, in sentences.
    """

    def __init__(self, path: Path, config: RadarConfig, dropped_frames: int = 0, notes: Sequence[str] = ()) -> None:
        self.path, self.config, self.dropped_frames, self.notes = path, config, dropped_frames, tuple(notes)

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
        """

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


class RawRecording(Recording):
    """A DCA1000's samples.

    Args:
        words: All whole frames, int16, (frames, loops, tx, words of a chirp with its header).
        path, config, dropped_frames, notes: As for :class:`Recording`.
    """

    def __init__(self, words: Int16[np.ndarray, 'frames loops tx words'], path: Path, config: RadarConfig, **kwargs):
        super().__init__(path, config, **kwargs)
        self._words = words[..., config.header_bytes // 2 :]

    def __len__(self) -> int:
        return len(self._words)

    def words(self, frames: Frames = None) -> Int16[np.ndarray, 'frames loops tx words']:
        """Words as they lie in the file, without headers.

        Raises:
            IndexError: A frame the recording does not have.
        """
        # a memory map becomes a plain view of itself, whose slices cost less
        return np.asarray(self._words[self._selection(frames)])

    def raw(self, frames: Frames = None) -> Int16[np.ndarray, 'frames loops tx rx half 4']:
        """Samples as they are, in groups ``I0 I1 Q0 Q1``; a view of the file if it holds them so.

        Raises:
            IndexError: A frame the recording does not have.
        """
        return unpack_words(self.words(frames), self.config)

    def cube(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant loops samples']:
        return decode_groups(self.raw(frames))


def check_on_error(on_error: str, known: tuple[str, ...] = ('raise', 'drop')) -> None:
    """Raise unless ``on_error`` is one of ``known``.

    Raises:
        ValueError: It is not.
    """
    if on_error not in known:
        raise ValueError(f'on_error must be one of {", ".join(map(repr, known))}, found {on_error!r}')


def describe_layout(config: RadarConfig) -> str:
    """Bytes of a frame and where they come from, for messages."""
    header = f', {config.header_bytes} bytes of header a chirp' if config.header_bytes else ''
    return (
        f'{config.frame_bytes:,} bytes a frame ({config.num_tx} TX x {config.num_rx} RX x {config.num_loops} loops x '
        f'{config.num_samples} samples x {2 if config.sampling == "real" else 4} bytes{header})'
    )


def frames_of_bytes(
    stream: np.ndarray, path: Path, config: RadarConfig, num_frames: int | None, on_error: str
) -> RawRecording:
    """A recording of the bytes that a board sent.

    Args:
        stream: uint8, of a file or reassembled from packets.
        path, config, num_frames, on_error: As for :func:`open_recording`.

    Raises:
        ADCFileError: As :func:`open_recording`.
    """
    check_on_error(on_error)
    if config.num_samples % 2:
        raise ADCFileError(
            f'{path}: samples of raw files are read in pairs, but the radar configuration has an odd number of them, '
            f'{config.num_samples}'
        )
    size = len(stream)
    frames, rest = divmod(size, config.frame_bytes)
    layout = describe_layout(config)
    notes = []
    if frames == 0 or (rest and on_error == 'raise'):
        raise ADCFileError(
            f'{path}: {size:,} bytes is not a whole number of frames: {frames:,} frames and {rest:,} bytes over, at '
            f'{layout}. The recording was cut short, or the radar configuration is not the one it was made with.'
        )
    if rest:
        notes.append(
            f'{path}: {rest:,} bytes from offset {size - rest:,} on are no whole frame and are left out; {frames:,} '
            f'frames remain, at {layout}'
        )
    dropped = int(rest > 0)
    if num_frames is not None and frames != num_frames:
        found = (
            f'expected {num_frames:,} frames = {num_frames * config.frame_bytes:,} bytes, found {frames:,} frames = '
            f'{size:,} bytes, at {layout}'
        )
        if frames > num_frames or on_error == 'raise':
            raise ADCFileError(f'{path}: {found}')
        notes.append(f'{path}: {found}; what is there is used')
        dropped = num_frames - frames
    chirps = stream[: size - rest].view('<i2').reshape(frames, config.num_loops, config.num_tx, -1)
    _check_headers(chirps, path, config)
    return RawRecording(chirps, path, config, dropped_frames=dropped, notes=notes)


def _check_headers(chirps: np.ndarray, path: Path, config: RadarConfig) -> None:
    """The first and the last chirp must begin as the configuration says: with an identifier, or without."""
    for (frame, loop, tx), name in (((0, 0, 0), 'first'), ((-1, -1, -1), 'last')):
        start = np.asarray(chirps[frame, loop, tx, :4]).tobytes()
        found = any(start[: config.header_bytes or 8] == header[: config.header_bytes or 8] for header in HSI_HEADERS)
        if found != bool(config.header_bytes):
            expected = 'an HSI header' if config.header_bytes else 'a sample'
            raise ADCFileError(
                f'{path}: expected the {name} chirp to begin with {expected} (RadarConfig.header_bytes is '
                f'{config.header_bytes}), found bytes {start.hex(" ")}. With the mmWave SDK, headers are switched by '
                'the third word of lvdsStreamCfg and take 64 bytes.'
            )


def open_recording(
    path: str | Path,
    config: RadarConfig,
    num_frames: int | None = None,
    on_error: str = 'raise',
    key: str | None = None,
    axes: str | None = None,
) -> Recording:
    """Open a recording without reading its samples.

    Files that end in ``.npy``, ``.mat``, ``.h5`` or ``.hdf5`` hold complex cubes, see
    :func:`mmradar.radar.open_cubes`. Everything else is what a DCA1000 writes: a :class:`RawRecording`.

    Args:
        path: The file.
        config: The radar that wrote it.
        num_frames: Frames the file must hold; any number of whole frames if ``None``.
        on_error: ``'raise'``, or ``'drop'`` to leave out what is not whole and to be content with fewer frames than
            ``num_frames``; what was left out is in the recording's ``dropped_frames`` and ``notes``.
        key: Of cubes, the array's name in its file.
        axes: Of cubes, the order of its axes.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: It does not hold what the configuration says: file, offset, expectation and finding are named.
    """
    from mmradar.radar.cube_files import CUBE_SUFFIXES, open_cubes

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no radar recording at {path}')
    if path.suffix.lower() in CUBE_SUFFIXES:
        return open_cubes(path, config, num_frames, on_error, key, axes)
    if key is not None or axes is not None:
        raise ValueError(f'{path}: key and axes are for files of cubes ({", ".join(CUBE_SUFFIXES)})')
    # an empty file cannot be mapped
    stream = np.memmap(path, np.uint8, 'r') if path.stat().st_size else np.zeros(0, np.uint8)
    return frames_of_bytes(stream, path, config, num_frames, on_error)
