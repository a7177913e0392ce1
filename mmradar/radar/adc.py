"""Raw ADC files of TI's DCA1000 capture card."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Complex64, Int16

from mmradar.errors import DataError
from mmradar.radar.config import RadarConfig


class ADCFileError(DataError):
    """A raw file that does not hold what its radar configuration says."""


def open_dca1000(
    path: str | Path, config: RadarConfig, num_frames: int | None = None, on_error: str = 'raise'
) -> np.ndarray:
    """Map a two-lane DCA1000 file without reading it.

    Args:
        path: The ``adc_data.bin``.
        config: The radar that wrote it.
        num_frames: Frames the file must hold; whole frames of any number if ``None``.
        on_error: ``'raise'``, or ``'drop'`` to leave out a last frame that is not whole, with a warning.

    Returns:
        Read-only int16 memory map, (frames, loops, tx, rx, samples / 2, 4), the last axis ``I0 I1 Q0 Q1``.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: The size is not that of whole frames, or not of ``num_frames`` of them.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no raw radar file at {path}')
    if config.num_samples % 2:
        raise ADCFileError(
            f'{path}: DCA1000 two-lane files interleave pairs of samples, but the radar configuration has an odd '
            f'number of samples, {config.num_samples}'
        )
    size = path.stat().st_size
    frames, rest = divmod(size, config.frame_bytes)
    layout = (
        f'{config.frame_bytes:,} bytes a frame ({config.num_tx} TX x {config.num_rx} RX x {config.num_loops} '
        f'loops x {config.num_samples} samples x 4 bytes)'
    )
    if on_error not in ('raise', 'drop'):
        raise ValueError(f"on_error must be 'raise' or 'drop', found {on_error!r}")
    if rest and frames and on_error == 'drop':
        warnings.warn(
            f'{path}: {rest:,} bytes from offset {size - rest:,} on are no whole frame and are left out; {frames:,} '
            f'frames remain, at {layout}',
            stacklevel=2,
        )
    elif rest or frames == 0:
        raise ADCFileError(
            f'{path}: {size:,} bytes is not a whole number of frames: {frames:,} frames and {rest:,} bytes over, at '
            f'{layout}. The recording was cut short, or the radar configuration is not the one it was made with.'
        )
    if num_frames is not None and frames != num_frames:
        raise ADCFileError(
            f'{path}: expected {num_frames:,} frames = {num_frames * config.frame_bytes:,} bytes, found {frames:,} '
            f'frames = {size:,} bytes, at {layout}'
        )
    shape = (frames, config.num_loops, config.num_tx, config.num_rx, config.num_samples // 2, 4)
    return np.memmap(path, dtype='<i2', mode='r', shape=shape)  # as many bytes as the shape takes


def decode_dca1000(raw: Int16[np.ndarray, 'frames loops tx rx half 4']) -> Complex64[np.ndarray, 'frames ant loops n']:
    """Complex cube, (frames, tx * rx, loops, samples), of raw groups ``I0 I1 Q0 Q1`` in firing order.

    The virtual antennas stay in the file's order: TX0 RX0..3, TX1 RX0..3, and so on. Units are ADC counts.
    """
    frames, loops, tx, rx, half, _ = raw.shape
    cube = np.empty((frames, tx, rx, loops, half, 2), np.complex64)
    antennas_first = raw.transpose(0, 2, 3, 1, 4, 5)
    cube.real = antennas_first[..., :2]
    cube.imag = antennas_first[..., 2:]
    return cube.reshape(frames, tx * rx, loops, 2 * half)


def encode_dca1000(cube: np.ndarray, config: RadarConfig) -> Int16[np.ndarray, 'frames loops tx rx half 4']:
    """The inverse of :func:`decode_dca1000`: rounds to whole counts and clips to int16, as an ADC does.

    Args:
        cube: Complex samples in ADC counts, (frames, tx * rx, loops, samples).
        config: The radar to write for.
    """
    frames = cube.shape[0]
    if cube.shape[1:] != config.frame_shape:
        raise ValueError(f'expected frames of shape {config.frame_shape}, found {cube.shape[1:]}')
    grouped = cube.reshape(frames, config.num_tx, config.num_rx, config.num_loops, config.num_samples // 2, 2)
    grouped = grouped.transpose(0, 3, 1, 2, 4, 5)
    raw = np.empty((*grouped.shape[:-1], 4), '<i2')
    limits = np.iinfo(np.int16)
    raw[..., :2] = np.clip(np.rint(grouped.real), limits.min, limits.max)
    raw[..., 2:] = np.clip(np.rint(grouped.imag), limits.min, limits.max)
    return raw


def select_frames(raw: np.ndarray, frames: Sequence[int] | slice, path: str | Path) -> np.ndarray:
    """Frames of a mapped file, in this order; only their bytes are read.

    Args:
        raw: From :func:`open_dca1000`.
        frames: Which.
        path: The file, for messages.

    Raises:
        IndexError: A frame the file does not have.
    """
    if isinstance(frames, slice):
        return raw[frames]
    frames = np.asarray(frames, dtype=np.int64)
    if frames.size and (frames.min() < 0 or frames.max() >= len(raw)):
        raise IndexError(f'{path}: asked for frames {frames.min()} to {frames.max()}, the file has {len(raw)}')
    if frames.size and np.array_equal(frames, np.arange(frames[0], frames[0] + len(frames))):
        return raw[frames[0] : frames[0] + len(frames)]  # side by side: no copy
    return raw[frames]


def load_dca1000(
    path: str | Path, config: RadarConfig, frames: Sequence[int] | slice | None = None, num_frames: int | None = None
) -> Complex64[np.ndarray, 'frames ant loops samples']:
    """Read frames of a DCA1000 file; only the bytes of the frames asked for are touched.

    Args:
        path: The ``adc_data.bin``.
        config: The radar that wrote it.
        frames: Which frames, in this order; all of them if ``None``.
        num_frames: Frames the file must hold, if known.

    Returns:
        complex64, (frames, tx * rx, loops, samples), in ADC counts.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: As :func:`open_dca1000`.
        IndexError: A frame the file does not have.
    """
    raw = open_dca1000(path, config, num_frames)
    return decode_dca1000(raw if frames is None else select_frames(raw, frames, path))
