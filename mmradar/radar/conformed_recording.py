"""Conversion of a recording to another radar's configuration, if it contains all samples of that configuration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Complex64

from mmradar.errors import ConfigError
from mmradar.radar.config import RadarConfig
from mmradar.radar.recording import Frames, Recording

# Largest relative difference of the start frequency. It scales angles and speeds by the same factor, which is less than
# the errors of mounting and calibration.
MOST_SHIFT = 0.005
_CUT = ('num_loops', 'num_samples')


def radar_differences(found: RadarConfig, wanted: RadarConfig, cut: bool = True) -> list[str]:
    """Return the differences that prevent the use of a recording for another radar, as ``name is ..., not ...``.

    Not counted are surplus loops and samples, which can be dropped, the file layout, which can be converted, and a
    start frequency within half a percent.

    Args:
        found: The recording's radar.
        wanted: The radar that is expected.
        cut: Whether surplus loops and samples may be dropped.
    """
    names = wanted.differing(found)
    if abs(found.start_frequency_hz / wanted.start_frequency_hz - 1) <= MOST_SHIFT:
        names = [name for name in names if name != 'start_frequency_hz']
    if cut:
        names = [name for name in names if name not in _CUT or getattr(found, name) < getattr(wanted, name)]
    return [f'{name} is {getattr(found, name)!r}, not {getattr(wanted, name)!r}' for name in names]


def conform(recording: Recording, radar: RadarConfig) -> Recording:
    """Convert a recording to the loops and samples of a radar; return the recording itself if it has these already.

    Raises:
        ConfigError: The radars differ in more than :func:`radar_differences` allows; the message lists the differences.
    """
    if differences := radar_differences(recording.config, radar):
        raise ConfigError(
            f'the recording {recording.path} is from a different radar than expected and cannot be converted: '
            f'its {"; its ".join(differences)}'
        )
    return recording if all(getattr(recording.config, n) == getattr(radar, n) for n in _CUT) else _Cut(recording, radar)


class _Cut(Recording):
    """Recording of the first loops and samples of each frame of another recording."""

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
