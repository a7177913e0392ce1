"""Selection of the frames of a sample: the key frame and its support frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from mmradar.errors import ConfigError


@dataclass(frozen=True)
class ClipFrames:
    """Key frame in the middle, with the same number of support frames before and after it.

    The paper (section "Loss & Training") takes delta = 2 frames to each side, 5 in total. Beyond the ends of a video
    its first or last frame is repeated (our choice); a video of one frame thus gives that frame T times.

    Args:
        num_frames: Number of frames T, odd.
        delta: Maximum distance of support frames from the key frame, in frames of the video; T // 2, as in the paper,
            if ``None``. A larger ``delta`` spreads them evenly.
        fresh: Draw the support frames within ``delta`` at random in every epoch, for training (our choice).

    Raises:
        ConfigError: If T is even, T // 2 frames do not fit into ``delta``, or ``fresh`` leaves nothing to draw.
    """

    num_frames: int = 5
    delta: int | None = None
    fresh: bool = False

    def __post_init__(self) -> None:
        if self.num_frames < 1 or self.num_frames % 2 == 0:
            raise ConfigError(f'num_frames must be odd, with the key frame in the middle; found {self.num_frames}')
        if self.reach < self.side:
            raise ConfigError(f'{self.side} support frames a side do not fit into delta={self.delta}')
        if self.fresh and self.reach == self.side:
            raise ConfigError(
                f'with delta={self.reach} all {self.side} frames a side are support frames and there is nothing to '
                f'draw; set delta to {self.side + 1} or more, or leave fresh support frames out'
            )

    @property
    def side(self) -> int:
        """Number of support frames on each side of the key frame."""
        return self.num_frames // 2

    @property
    def reach(self) -> int:
        """Value of ``delta``, with the default filled in."""
        return self.side if self.delta is None else self.delta

    def offsets(self, rng: np.random.Generator | None = None) -> Int[np.ndarray, 'T']:
        """Return the offsets of the frames from the key frame, ascending, with 0 in the middle.

        Args:
            rng: Random generator; required if ``fresh``.
        """
        if self.fresh:
            if rng is None:
                raise ValueError('fresh support frames need a generator')
            before, after = (np.sort(rng.permutation(self.reach)[: self.side]) + 1 for _ in range(2))
        else:
            before = after = np.round(np.arange(1, self.side + 1) * (self.reach / max(self.side, 1))).astype(np.int64)
        return np.concatenate([-before[::-1], [0], after]).astype(np.int64)

    def indices(self, key: int, length: int, rng: np.random.Generator | None = None) -> Int[np.ndarray, 'T']:
        """Return the frames' indices in a video, clamped at its ends.

        Args:
            key: Index of the key frame, 0 to ``length - 1``.
            length: Number of frames of the video.
            rng: Random generator; required if ``fresh``.
        """
        if not 0 <= key < length:
            raise IndexError(f'key frame {key} of a video of {length} frames')
        return np.clip(key + self.offsets(rng), 0, length - 1)
