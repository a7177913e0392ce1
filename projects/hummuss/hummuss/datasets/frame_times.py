"""Times of the frames of a window, at any frame rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mmradar.errors import ConfigError

KEEPS = ('duration', 'frames')


@dataclass(frozen=True)
class FrameTimes:
    """Frame times of a window, for a model trained at one rate and tested at another.

    Args:
        num_frames: Number of frames T of a window at the training rate.
        frame_rate_hz: Training rate.
        rate_scale: Test rate divided by the training rate.
        keep: What a window keeps at another rate: its ``'duration'``, so that it has more or fewer frames, or its
            number of ``'frames'``, so that it is shorter or longer.
        irregularity: Largest deviation of an interval from the mean interval, as a share of the mean, in [0, 1);
            intervals are drawn uniformly.

    Raises:
        ConfigError: An argument is out of its range.
    """

    num_frames: int
    frame_rate_hz: float = 30.0
    rate_scale: float = 1.0
    keep: str = 'duration'
    irregularity: float = 0.0

    def __post_init__(self) -> None:
        if self.num_frames < 2:
            raise ConfigError(f'num_frames must be at least 2, found {self.num_frames}')
        for name in ('frame_rate_hz', 'rate_scale'):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ConfigError(f'{name} must be positive, found {getattr(self, name)}')
        if self.keep not in KEEPS:
            raise ConfigError(f'keep must be one of {", ".join(KEEPS)}, found {self.keep!r}')
        if not 0 <= self.irregularity < 1:
            raise ConfigError(f'irregularity must be in [0, 1), found {self.irregularity}')
        if self.frames < 2:
            raise ConfigError(
                f'{self.num_frames} frames at {self.rate_scale} of the rate leave {self.frames}; '
                "take longer windows, or keep='frames'"
            )

    @property
    def rate_hz(self) -> float:
        """Frame rate of the test, in Hz."""
        return self.frame_rate_hz * self.rate_scale

    @property
    def frames(self) -> int:
        """Number of frames of a window at the test rate."""
        if self.keep == 'frames':
            return self.num_frames
        # Frames that fit into the duration; 1e-9 because of rounding, as 0.1 * 30 is more than 3.
        return int(np.floor((self.num_frames - 1) * self.rate_scale + 1e-9)) + 1

    @property
    def duration_s(self) -> float:
        """Time from the first frame to the last, in s."""
        return (self.frames - 1) / self.rate_hz

    def times_s(self, rng: np.random.Generator) -> Float[np.ndarray, 'T']:
        """Draw the frame times of a window in s, (frames,), from 0 at the first frame to ``duration_s`` at the last."""
        if not self.irregularity:
            return np.arange(self.frames) / self.rate_hz
        steps = rng.uniform(1 - self.irregularity, 1 + self.irregularity, self.frames - 1)
        return np.concatenate([[0.0], np.cumsum(steps) * (self.duration_s / steps.sum())])

    def delta_scale(self, times_s: Float[np.ndarray, 'T']) -> float | Float[np.ndarray, 'T']:
        """Compute the factor on a state-space model's step: intervals divided by the training interval.

        Returns:
            One number if the intervals are equal; else (T,) float32, for each frame the interval since the previous
            one. The first frame, which has no previous one, gets the mean interval.
        """
        if not self.irregularity:
            return 1.0 / self.rate_scale
        steps = np.diff(times_s, prepend=times_s[0] - 1 / self.rate_hz)
        return (steps * self.frame_rate_hz).astype(np.float32)
