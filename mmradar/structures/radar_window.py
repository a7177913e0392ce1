"""Which frames a network sees at once, and which of them it is asked about."""

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
    """So many consecutive frames, one of them the key frame: the one that is predicted.

    Args:
        num_frames: Frames T.
        key: Which of them is the key frame: its number from 0 on, or ``'first'``, ``'centre'`` or ``'last'``. The
            centre of an even window is number T // 2, as HuPR's own network has it: of 8 frames, t - 4 to t + 3. With
            ``'last'`` nothing of the future is needed: a live stream has no other.

    Raises:
        ConfigError: No frames, or a key frame that is none of them.
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
        """A window from itself, a number of frames, or a dictionary of its fields.

        Raises:
            ConfigError: None of these.
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
        return {'first': 0, 'centre': self.num_frames // 2, 'last': self.num_frames - 1}.get(self.key, self.key)

    def frames(self, key_frame: int, length: int) -> Int64[np.ndarray, 'frames']:
        """Frames of the window whose key frame is number ``key_frame`` of ``length``; those beyond an end repeat it."""
        return np.clip(key_frame - self.key_index + np.arange(self.num_frames), 0, length - 1)
