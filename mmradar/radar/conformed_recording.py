"""A recording as another radar would have made it, where it holds all that this one would have recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Complex64

from mmradar.errors import ConfigError
from mmradar.radar.config import RadarConfig
from mmradar.radar.recording import Frames, Recording

# of the start frequency: angles and speeds are scaled by as much, which is less than mounting and calibration err by
MOST_SHIFT = 0.005
_CUT = ('num_loops', 'num_samples')


def radar_differences(found: RadarConfig, wanted: RadarConfig, cut: bool = True) -> list[str]:
    """In what a recording cannot stand in for one of another radar, each as ``name is ..., not ...``.

    More loops and samples than wanted can be left out, how samples lie in a file can be undone, and a start frequency
    may be half a percent off.

    Args:
        found: The recording's radar.
        wanted: The other one.
        cut: Whether loops and samples may be left out.
    """
    names = wanted.differing(found)
    if abs(found.start_frequency_hz / wanted.start_frequency_hz - 1) <= MOST_SHIFT:
        names = [name for name in names if name != 'start_frequency_hz']
    if cut:
        names = [name for name in names if name not in _CUT or getattr(found, name) < getattr(wanted, name)]
    return [f'{name} is {getattr(found, name)!r}, not {getattr(wanted, name)!r}' for name in names]


def conform(recording: Recording, radar: RadarConfig) -> Recording:
    """A recording as this radar would have made it; itself, if it did.

    Raises:
        ConfigError: It is of a radar that differs in more than :func:`radar_differences` allows, with what differs.
    """
    if differences := radar_differences(recording.config, radar):
        raise ConfigError(
            f'the recording {recording.path} is of another radar than expected, whose samples cannot be made of it: '
            f'its {"; its ".join(differences)}'
        )
    return recording if all(getattr(recording.config, n) == getattr(radar, n) for n in _CUT) else _Cut(recording, radar)


class _Cut(Recording):
    """The first loops and samples of every frame of a recording."""

    def __init__(self, recording: Recording, radar: RadarConfig) -> None:
        counts = {name: getattr(radar, name) for name in _CUT}
        super().__init__(
            recording.path,
            replace(recording.config, **counts),
            recording.dropped_frames,
            (*recording.notes, f'the first {radar.num_loops} loops and {radar.num_samples} samples are used'),
            recording.missing_frames,
        )
        self._whole = recording

    def __len__(self) -> int:
        return len(self._whole)

    def cube(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant loops samples']:
        whole = self._whole.cube(frames)
        return np.ascontiguousarray(whole[..., : self.config.num_loops, : self.config.num_samples])

    def fingerprint(self) -> dict | None:
        found = self._whole.fingerprint()
        return found and {**found, 'cut': [self.config.num_loops, self.config.num_samples]}
