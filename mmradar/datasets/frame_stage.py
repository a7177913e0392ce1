"""The first part of a pipeline: what is done to every frame of every view by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmradar.radar import Recording

# By name: (frames, ...), one array or one of each frame
Arrays = dict[str, Sequence[np.ndarray]]
# (view, recording, frames) to arrays: a frame stage, or a cache in front of one
FrameSource = Callable[[str, Recording, np.ndarray], Arrays]


def is_per_frame(transform: object) -> bool:
    """Whether a transform treats every frame of every view by itself, and so says: ``per_frame = True``."""
    return bool(getattr(transform, 'per_frame', False))


class FrameStage:
    """Runs per-frame transforms on frames of one recording.

    Args:
        transforms: Each takes ``recordings`` (the one by its view), ``frame_indices`` and what those before it have
            made, arrays (frames, views, ...); without randomness.
        source: What makes the arrays that they begin with, such as a cache of another stage; none if ``None``.
    """

    def __init__(self, transforms: Sequence[BaseTransform], source: FrameSource | None = None) -> None:
        self.transforms, self.source = list(transforms), source

    def __call__(self, view: str, recording: Recording, frames: np.ndarray) -> Arrays:
        """What the transforms make of frames, in this order: arrays (frames, ...) by name."""
        given = {} if self.source is None else self.source(view, recording, frames)
        inputs = dict(recordings={view: recording}, frame_indices=frames)
        results = {**inputs, **{name: np.asarray(array)[:, None] for name, array in given.items()}}
        for transform in self.transforms:
            results = transform(results)
        return {name: array[:, 0] for name, array in results.items() if name not in inputs}


def window_arrays(
    source: FrameSource, recordings: Mapping[str, Recording], frames: np.ndarray
) -> dict[str, np.ndarray]:
    """What a source makes of a window of several views: arrays (frames, views, ...) by name, the caller's to change."""
    views = [source(view, recording, frames) for view, recording in recordings.items()]
    return {name: _stacked([arrays[name] for arrays in views]) for name in views[0]}


def _stacked(views: list[Sequence[np.ndarray]]) -> np.ndarray:
    """(frames, views, ...), each frame copied once."""
    first = np.asarray(views[0][0])
    window = np.empty((len(views[0]), len(views), *first.shape), first.dtype)
    for v, frames in enumerate(views):
        for t, frame in enumerate(frames):
            window[t, v] = frame
    return window
