"""First stage of a pipeline: transforms that process each frame of each view independently."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mmradar.radar import Recording

# Arrays (frames, ...) by name; each is one array, or a sequence with one array per frame
Arrays = Mapping[str, np.ndarray | Sequence[np.ndarray]]
# Function of (view, recording, frames): a frame stage, or a cache of its output
FrameSource = Callable[[str, Recording, np.ndarray], Arrays]


def is_per_frame(transform: object) -> bool:
    """Return whether a transform declares, by ``per_frame = True``, that it treats each frame of each view alone."""
    return bool(getattr(transform, 'per_frame', False))


class FrameStage:
    """Sequence of per-frame transforms, run on frames of one recording.

    Args:
        transforms: Deterministic transforms. Each receives ``recordings`` (a dictionary with the recording of one
            view), ``frame_indices`` and the arrays (frames, views, ...) of the transforms before it.
        source: Source of the arrays that the first transform receives, such as a cache of another stage; ``None`` if
            it needs none.
    """

    def __init__(self, transforms: Sequence[Callable[[dict], dict]], source: FrameSource | None = None) -> None:
        self.transforms, self.source = list(transforms), source

    def __call__(self, view: str, recording: Recording, frames: np.ndarray) -> dict[str, np.ndarray]:
        """Run the transforms and return arrays (frames, ...) by name, with frames in the given order."""
        given = {} if self.source is None else self.source(view, recording, frames)
        inputs = dict(recordings={view: recording}, frame_indices=frames)
        results = {**inputs, **{name: np.asarray(array)[:, None] for name, array in given.items()}}
        for transform in self.transforms:
            results = transform(results)
        return {name: array[:, 0] for name, array in results.items() if name not in inputs}


def window_arrays(
    source: FrameSource, recordings: Mapping[str, Recording], frames: np.ndarray
) -> dict[str, np.ndarray]:
    """Stack the arrays of a source over all views of a window.

    Returns:
        Arrays (frames, views, ...) by name; copies, which the caller may modify.
    """
    views = [source(view, recording, frames) for view, recording in recordings.items()]
    return {name: _stacked([arrays[name] for arrays in views]) for name in views[0]}


def _stacked(views: Sequence[np.ndarray | Sequence[np.ndarray]]) -> np.ndarray:
    """Stack the frames of all views to (frames, views, ...), copying each frame once."""
    first = np.asarray(views[0][0])
    window = np.empty((len(views[0]), len(views), *first.shape), first.dtype)
    for v, frames in enumerate(views):
        for t, frame in enumerate(frames):
            window[t, v] = frame
    return window
