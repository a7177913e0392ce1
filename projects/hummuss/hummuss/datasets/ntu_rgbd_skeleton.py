"""Reader of the ``.skeleton`` text files of NTU-RGB+D."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from mmradar.errors import DataError

NUM_JOINTS = 25
IMAGE_SIZE = (1920, 1080)
# The Kinect V2 tracks at most six people.
_MOST_BODIES = 6


class NoBodyError(DataError):
    """Error of a recording in which the Kinect found no body."""


@dataclass(frozen=True, eq=False)
class NTUSkeleton:
    """Skeletons of the people in one recording.

    Args:
        body_ids: Identifiers of the bodies, in order of appearance.
        joints_m: Joint positions in m, (bodies, frames, 25, 3), in the Kinect's axes: x to its left, y up, z away. NaN
            where absent.
        color_px: Joint positions in the colour image of 1920 x 1080 px, (bodies, frames, 25, 2). NaN where absent or
            not a plausible pixel position.
        tracking: Tracking states, (bodies, frames, 25): 0 absent or not tracked, 1 inferred, 2 tracked.
    """

    body_ids: tuple[str, ...]
    joints_m: Float[np.ndarray, 'bodies frames 25 3']
    color_px: Float[np.ndarray, 'bodies frames 25 2']
    tracking: Int[np.ndarray, 'bodies frames 25']


class _Lines:
    """Reader of a file's lines that names the line number in its error messages."""

    def __init__(self, path: Path) -> None:
        self.path, self.number = path, 0
        self.lines = path.read_text(encoding='ascii', errors='replace').split('\n')

    def fail(self, expected: str, found: str) -> DataError:
        return DataError(f'{self.path}, line {self.number}: expected {expected}, found {found[:60]!r}')

    def words(self, count: int, expected: str) -> list[str]:
        if self.number >= len(self.lines):
            raise DataError(f'{self.path} ends after {len(self.lines)} lines; expected {expected}')
        line = self.lines[self.number]
        self.number += 1
        words = line.split()
        if len(words) != count:
            raise self.fail(f'{expected}, {count} numbers', line)
        return words

    def whole(self, expected: str, most: int) -> int:
        (word,) = self.words(1, expected)
        if not word.isdecimal() or not word.isascii() or len(word) > 9 or int(word) > most:
            raise self.fail(f'{expected}, 0 to {most:,}', word)
        return int(word)

    def floats(self, count: int, expected: str) -> list[float]:
        words = self.words(count, expected)
        try:
            return [float(word) for word in words]  # some values in the files are NaN
        except ValueError:
            raise self.fail(f'{expected}, {count} numbers', ' '.join(words)) from None


def read_ntu_skeleton(path: str | Path) -> NTUSkeleton:
    """Read one recording.

    A file contains the number of frames; for each frame, the number of bodies; for each body, a line of 10 numbers that
    begins with the body's identifier, a line with the number of joints (25), and for each joint a line of 12 numbers:
    x, y, z in m, depth x, y and colour x, y in px, orientation w, x, y, z, tracking state.

    Raises:
        FileNotFoundError: The file does not exist.
        DataError: The file is not in that format (the message names the line).
        NoBodyError: The file contains no body.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no skeletons at {path}')
    lines = _Lines(path)
    frames = lines.whole('the number of frames', 1_000_000)
    bodies: dict[str, dict[int, np.ndarray]] = {}
    for frame in range(frames):
        for _ in range(lines.whole('the number of bodies', _MOST_BODIES)):
            body = lines.words(10, 'a body')[0]
            joints = lines.whole('the number of joints', NUM_JOINTS)
            if joints != NUM_JOINTS:
                raise lines.fail(f'{NUM_JOINTS} joints', str(joints))
            rows = [lines.floats(12, f'joint {joint}') for joint in range(NUM_JOINTS)]
            if frame in bodies.setdefault(body, {}):
                raise lines.fail('each body once in a frame', body)
            bodies[body][frame] = np.array(rows)
    rest = ' '.join(lines.lines[lines.number :]).strip()
    if rest:
        raise lines.fail(f'the end after {frames} frames', rest)
    if not bodies:
        raise NoBodyError(f'{path}: no frame of {frames} holds a body')
    values = np.full((len(bodies), frames, NUM_JOINTS, 12), np.nan)
    for index, found in enumerate(bodies.values()):
        for frame, rows in found.items():
            values[index, frame] = rows
    # A joint with a coordinate that is not finite, or 100 m or more, counts as absent.
    absurd = ~(np.isfinite(values[..., :3]) & (np.abs(values[..., :3]) < 100)).all(-1)
    values[absurd, :3] = np.nan
    color = values[..., 5:7]
    color[~(np.isfinite(color) & (np.abs(color) < 1e5)).all(-1)] = np.nan
    state = np.where(absurd | ~np.isin(values[..., 11], (1, 2)), 0, values[..., 11])
    return NTUSkeleton(tuple(bodies), values[..., :3], color, state.astype(np.int64))
