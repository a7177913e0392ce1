"""Writer of MP4 videos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import UInt8

from mmradar.errors import DataError


class Frames(Protocol):
    """Sink for the frames of a video."""

    def write(self, picture: UInt8[np.ndarray, 'height width 3']) -> None:
        """Append an RGB picture."""


@contextmanager
def video(path: str | Path, rate_hz: float, size: tuple[int, int]) -> Iterator[Frames]:
    """Open an MP4 file for writing pictures; it is complete when the ``with`` block ends.

    The codec is H.264, which browsers play, if ``imageio-ffmpeg`` is installed (``pip install 'mmradar[video]'``);
    otherwise OpenCV's MPEG-4, which media players play.

    Args:
        path: The file; its folder is created if necessary.
        rate_hz: Frame rate, in pictures per second.
        size: (width, height) of the pictures in px, even numbers.

    Yields:
        Writer of the pictures.

    Raises:
        DataError: The file cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise DataError(f'{path} is a folder; a video cannot be written there')
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'.{path.stem}.part{path.suffix}')  # a recorder that is interrupted leaves no damaged video
    writer = _ffmpeg(part, rate_hz, size) or _opencv(part, rate_hz, size)
    try:
        yield writer
    except BaseException:
        writer.close()
        part.unlink(missing_ok=True)
        raise
    writer.close()
    os.replace(part, path)


class _Ffmpeg:
    def __init__(self, frames) -> None:
        self._frames = frames
        self._frames.send(None)

    def write(self, picture: np.ndarray) -> None:
        self._frames.send(np.ascontiguousarray(picture))

    def close(self) -> None:
        self._frames.close()


class _OpenCV:
    def __init__(self, writer) -> None:
        self._writer = writer

    def write(self, picture: np.ndarray) -> None:
        self._writer.write(np.ascontiguousarray(picture[..., ::-1]))

    def close(self) -> None:
        self._writer.release()


def _ffmpeg(path: Path, rate_hz: float, size: tuple[int, int]) -> _Ffmpeg | None:
    try:
        import imageio_ffmpeg
    except ImportError:
        return None
    # imageio_ffmpeg has no annotations; its fps may be a float, though the default is an int
    frames = imageio_ffmpeg.write_frames(
        str(path),
        size,
        fps=rate_hz,  # pyright: ignore[reportArgumentType]
        macro_block_size=2,
        ffmpeg_log_level='fatal',  # it complains of a video that ends before its first picture
        quality=7,
    )
    return _Ffmpeg(frames)


def _opencv(path: Path, rate_hz: float, size: tuple[int, int]) -> _OpenCV:
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), rate_hz, size)
    if not writer.isOpened():
        raise DataError(f'{path}: OpenCV cannot write an MP4 there')
    return _OpenCV(writer)
