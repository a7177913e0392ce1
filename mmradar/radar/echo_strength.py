"""Strength of the echoes of everything that moves in front of a radar, relative to the noise."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mmradar.radar.range_profile_files import RangeProfileRecording
from mmradar.radar.recording import Frames, Recording

# Between noise (at most 5 dB) and people within 16 frames (at least 31 dB), see docs/live.md; our choice
MIN_ECHO_DB = 15.0
_LOOPS = 8  # of each frame that are used: more would cost more time and tell people from noise no better


def echo_strength_db(
    recording: Recording, frames: Frames = None, range_bins: tuple[int, int] | None = None
) -> Float[np.ndarray, 'frames']:
    """Measure how far the strongest moving echo of each frame is above the noise, in dB.

    Static clutter is removed. The power of each cell of range and Doppler is summed over the antennas; the strength is
    the ratio of the strongest cell to the median cell. Noise alone has 3 to 5 dB with 12 antennas, people have tens of
    dB. Anything that moves counts, be it a person or a fan.

    Args:
        recording: The recording.
        frames: Numbers of the frames; all if ``None``.
        range_bins: First and one past the last range bin to look at; all that the recording has if ``None``.

    Returns:
        The strengths; 0 for frames without any signal, as in place of lost data.

    Raises:
        IndexError, FileNotFoundError, ADCFileError, DataError: See :meth:`Recording.range_doppler`.
    """
    thinned = not isinstance(recording, RangeProfileRecording) and recording.config.num_loops % _LOOPS == 0
    spectrum = recording.range_doppler(
        frames,
        num_chirps=_LOOPS if thinned else None,
        num_doppler=_LOOPS,
        range_bins=range_bins,
        range_window='hann',  # without it, sidelobes of a strong echo raise the median
    )
    power = (np.abs(spectrum) ** 2).sum(axis=1).reshape(len(spectrum), -1)
    smallest = np.finfo(np.float32).tiny
    return 10 * np.log10((power.max(axis=1) + smallest) / (np.median(power, axis=1) + smallest))
