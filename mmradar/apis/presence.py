"""Presence of a person, without which a network predicts a pose all the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int64

from mmradar.datasets import RadarPipeline
from mmradar.datasets.transforms import RangeDopplerMap
from mmradar.radar import RadarConfig, Recording, conform, echo_strength_db


def somebody_moves(echo_db: Float[np.ndarray, 'frames views'], min_echo_db: float) -> bool:
    """Return whether every view has an echo of at least ``min_echo_db`` in some frame of a window.

    A person may stand still for some frames. Both radars see a person, but hardly ever both a disturbance.

    Args:
        echo_db: Strengths of the echoes, see :func:`~mmradar.radar.echo_strength_db`.
        min_echo_db: The weakest echo that counts, in dB above the noise.
    """
    return bool((echo_db.max(axis=0) >= min_echo_db).all())


def seen_range_bins(pipeline: RadarPipeline) -> tuple[int, int] | None:
    """Return the range bins that a model sees, first and one past the last; ``None`` if it is not known to crop."""
    maps = [transform for transform in pipeline.transforms if isinstance(transform, RangeDopplerMap)]
    return maps[0].range_bins if maps else None


class RecordedEchoes:
    """Strengths of the echoes in a recording, each frame measured once, when it is first needed.

    Args:
        recordings: The recording of each view.
        radar: The model's radar, to which recordings are converted.
        range_bins: The range bins that the model sees, see :func:`seen_range_bins`.
    """

    def __init__(
        self, recordings: Mapping[str, Recording], radar: RadarConfig, range_bins: tuple[int, int] | None
    ) -> None:
        self._recordings = [conform(recording, radar) for recording in recordings.values()]
        self._range_bins = range_bins
        self.length = min(map(len, self._recordings))
        self._known_db = np.full((self.length, len(self._recordings)), np.nan)

    def of_frames(self, frames: Int64[np.ndarray, 'frames']) -> Float[np.ndarray, 'frames views']:
        """Return the strength of the echo of each frame in each view, in dB above the noise."""
        unknown = np.unique(frames[np.isnan(self._known_db[frames, 0])])
        if len(unknown):
            for view, recording in enumerate(self._recordings):
                self._known_db[unknown, view] = echo_strength_db(recording, unknown, self._range_bins)
        return self._known_db[frames]
