"""Window of frames that a network sees at once, with its key frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Int64

from mmradar.errors import ConfigError

_NAMED_KEYS = ('first', 'centre', 'last')


@dataclass(frozen=True)
class RadarWindow:
    """Window of consecutive frames, one of which is the key frame, the one that is predicted.

    Args:
        num_frames: Number of frames T.
        key: The key frame: its number from 0 on, or ``'first'``, ``'centre'`` or ``'last'``. The centre of an even
            window is number T // 2, as in HuPR's own network: of 8 frames, t - 4 to t + 3. ``'last'`` needs no frames
            from the future, so that a live stream predicts without delay.

    Raises:
        ConfigError: No frames, or a key frame outside the window.
    """

    num_frames: int = 9
    key: int | str = 'centre'

    def __post_init__(self) -> None:
        for name, kinds in (('num_frames', int), ('key', (int, str))):
            value = getattr(self, name)
            if not isinstance(value, kinds) or isinstance(value, bool):
                kind = 'a whole number' if name == 'num_frames' else 'a number or a name'
                raise ConfigError(f'RadarWindow.{name} must be {kind}, found {value!r}')
        if self.num_frames < 1:
            raise ConfigError(f'RadarWindow.num_frames must be at least 1, found {self.num_frames}')
        if self.key not in (*_NAMED_KEYS, *range(self.num_frames)):
            raise ConfigError(
                f'RadarWindow.key must be one of {", ".join(map(repr, _NAMED_KEYS))} or 0 to {self.num_frames - 1}, '
                f'found {self.key!r}'
            )

    @classmethod
    def build(cls, window: RadarWindow | int | Mapping[str, Any]) -> RadarWindow:
        """Return a window from a window, a number of frames, or a dictionary of its fields.

        Raises:
            ConfigError: ``window`` is none of these.
        """
        if isinstance(window, RadarWindow):
            return window
        if isinstance(window, int):
            return cls(window)
        known = [field.name for field in fields(cls)]
        if not isinstance(window, Mapping) or set(window) - set(known):
            raise ConfigError(f'a window is a number of frames or dict({"=..., ".join(known)}=...), found {window!r}')
        return cls(**window)

    @property
    def key_index(self) -> int:
        """Number of the key frame within the window."""
        named = {'first': 0, 'centre': self.num_frames // 2, 'last': self.num_frames - 1}
        return named[self.key] if isinstance(self.key, str) else self.key

    def frames(self, key_frame: int | np.integer, length: int) -> Int64[np.ndarray, 'frames']:
        """Return the frames of the window around frame ``key_frame`` of a recording of ``length`` frames.

        Frames beyond either end of the recording repeat its first or last frame.
        """
        return np.clip(key_frame - self.key_index + np.arange(self.num_frames), 0, length - 1)
