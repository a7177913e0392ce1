"""Which frames of a video are one sample: the key frame and its support frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from mmradar.errors import ConfigError


@dataclass(frozen=True)
class ClipFrames:
    """A key frame in the middle, as many support frames before it as after it.

    The paper (section "Loss & Training") takes delta = 2 frames to each side, 5 in all. Beyond the ends of a video its
    first or last frame is repeated (ours); a video of one frame thus gives T times that frame.

    Args:
        num_frames: T, odd.
        delta: How far support frames may be from the key frame, in frames of the video; T // 2, which is the paper's,
            if ``None``. With more, they are spread evenly.
        fresh: Draw which frames within ``delta`` are the support frames, anew in every epoch (ours), for training.

    Raises:
        ConfigError: T is even, ``delta`` has no room for T // 2 frames, or none to draw from.
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
        """Support frames before the key frame, and after it."""
        return self.num_frames // 2

    @property
    def reach(self) -> int:
        """``delta``, with its default."""
        return self.side if self.delta is None else self.delta

    def offsets(self, rng: np.random.Generator | None = None) -> Int[np.ndarray, 'T']:
        """Frames counted from the key frame, ascending, 0 in the middle.

        Args:
            rng: For ``fresh``, which needs one.
        """
        if self.fresh and rng is None:
            raise ValueError('fresh support frames need a generator')
        if self.fresh:
            before, after = (np.sort(rng.permutation(self.reach)[: self.side]) + 1 for _ in range(2))
        else:
            before = after = np.round(np.arange(1, self.side + 1) * (self.reach / max(self.side, 1))).astype(np.int64)
        return np.concatenate([-before[::-1], [0], after]).astype(np.int64)

    def indices(self, key: int, length: int, rng: np.random.Generator | None = None) -> Int[np.ndarray, 'T']:
        """Frames of a video, clamped at its ends.

        Args:
            key: The key frame, 0 to ``length - 1``.
            length: Frames of the video.
            rng: For ``fresh``.
        """
        if not 0 <= key < length:
            raise IndexError(f'key frame {key} of a video of {length} frames')
        return np.clip(key + self.offsets(rng), 0, length - 1)
