"""Raw files of TI's DCA1000, checked when they are opened and memory-mapped when frames are requested."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Complex64, Int16, UInt8

from mmradar.radar.adc_layout import HSI_HEADERS, decode_groups, unpack_words
from mmradar.radar.config import RadarConfig
from mmradar.radar.range_doppler import range_doppler_from_raw
from mmradar.radar.recording import ADCFileError, Frames, OpenedFile, Recording, check_on_error

Chirps = Int16[np.ndarray, 'frames loops tx words']


class RawRecording(Recording):
    """Recording of a DCA1000's samples in memory.

    Args:
        chirps: All complete frames, int16, (frames, loops, tx, words of a chirp with its header).
        path, config, **kwargs: See :class:`Recording`.
    """

    def __init__(self, chirps: Chirps, path: Path, config: RadarConfig, **kwargs) -> None:
        super().__init__(path, config, **kwargs)
        self._chirps = chirps

    def __len__(self) -> int:
        return len(self._chirps)

    def words(self, frames: Frames = None) -> Int16[np.ndarray, 'frames loops tx words']:
        """Return the words in the file's layout, without headers.

        Raises the same errors as :meth:`cube`.
        """
        chirps = self._all_chirps()[self._selection(frames)]
        # A memory map becomes a plain view of itself, which is cheaper to slice; the file stays mapped as long as the
        # view exists.
        return np.asarray(chirps)[..., self.config.header_bytes // 2 :]

    def raw(self, frames: Frames = None) -> Int16[np.ndarray, 'frames loops tx rx half 4']:
        """Return the int16 samples in groups ``I0 I1 Q0 Q1``; a view of the file if it has this layout.

        Raises the same errors as :meth:`cube`.
        """
        return unpack_words(self.words(frames), self.config)

    def cube(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant loops samples']:
        return decode_groups(self.raw(frames))

    def range_doppler(self, frames: Frames = None, **options) -> Complex64[np.ndarray, 'frames ant doppler range']:
        return range_doppler_from_raw(self.raw(frames), **options)

    def _all_chirps(self) -> Chirps:
        return self._chirps


class RawFileRecording(RawRecording):
    """Recording of a DCA1000's file.

    The file is checked and mapped for each call, which takes 0.1 ms. A map that stayed open would hold a file
    descriptor, of which a process has 1,024 by default.

    Args:
        num_frames: Complete frames in the file.
        file, **kwargs: See :class:`Recording`.
    """

    file: OpenedFile

    def __init__(self, num_frames: int, file: OpenedFile, **kwargs) -> None:
        Recording.__init__(self, file.path, file.config, file=file, **kwargs)
        self._num_frames = num_frames

    def __len__(self) -> int:
        return self._num_frames

    def _all_chirps(self) -> Chirps:
        self.file.check()
        return _chirps(np.memmap(self.path, np.uint8, 'r'), self._num_frames, self.config)


def open_raw(
    path: str | Path, config: RadarConfig, num_frames: int | None = None, on_error: str = 'raise'
) -> RawFileRecording:
    """Open a DCA1000's file without reading its samples.

    Args:
        path, config, num_frames, on_error: See :func:`mmradar.radar.open_recording`.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: The file does not match the configuration; the message names file, offset, and the expected and
            found content.
    """
    file = OpenedFile.now(open_raw, path, config, num_frames=num_frames, on_error=on_error)
    # an empty file cannot be mapped
    stream = np.memmap(file.path, np.uint8, 'r') if file.size_bytes else np.zeros(0, np.uint8)
    frames, dropped, notes = check_frames(stream, file.path, config, num_frames, on_error)
    return RawFileRecording(frames, file, dropped_frames=dropped, notes=notes)


def recording_of_bytes(
    stream: UInt8[np.ndarray, 'bytes'],
    path: Path,
    config: RadarConfig,
    num_frames: int | None = None,
    on_error: str = 'raise',
) -> RawRecording:
    """Create a recording in memory from the bytes that a board sent.

    Args:
        stream: The bytes, beginning at the start of a frame.
        path: A name for messages.
        config, num_frames, on_error: See :func:`mmradar.radar.open_recording`.

    Raises:
        ADCFileError: See :func:`open_raw`.
    """
    frames, dropped, notes = check_frames(stream, path, config, num_frames, on_error)
    return RawRecording(_chirps(stream, frames, config), path, config, dropped_frames=dropped, notes=notes)


def _chirps(stream: np.ndarray, frames: int, config: RadarConfig) -> Chirps:
    words = stream[: frames * config.frame_bytes].view('<i2')
    return words.reshape(frames, config.num_loops, config.num_tx, -1)


def describe_layout(config: RadarConfig) -> str:
    """Describe the bytes of a frame and how they add up, for messages."""
    header = f', {config.header_bytes} bytes of header a chirp' if config.header_bytes else ''
    return (
        f'{config.frame_bytes:,} bytes a frame ({config.num_tx} TX x {config.num_rx} RX x {config.num_loops} loops x '
        f'{config.num_samples} samples x {2 if config.sampling == "real" else 4} bytes{header})'
    )


def check_frames(
    stream: UInt8[np.ndarray, 'bytes'], path: Path, config: RadarConfig, num_frames: int | None, on_error: str
) -> tuple[int, int, list[str]]:
    """Check a stream of bytes against a radar configuration and count its frames.

    Args:
        stream: The bytes that a board sent.
        path: File of the stream, for messages.
        config, num_frames, on_error: See :func:`mmradar.radar.open_recording`.

    Returns:
        Number of complete frames, number of frames left out, and sentences on what was left out.

    Raises:
        ADCFileError: See :func:`open_raw`.
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
    if size == 0:
        raise ADCFileError(f'{path} is empty')
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
        notes.append(f'{path}: {found}; the available frames are used')
        dropped = num_frames - frames
    _check_headers(_chirps(stream, frames, config), path, config)
    return frames, dropped, notes


def _check_headers(chirps: np.ndarray, path: Path, config: RadarConfig) -> None:
    """Raise unless the first and last chirp begin with an HSI identifier exactly if the configuration has headers."""
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
