"""Cache of frames in memory: consecutive windows share most of their frames, and each is computed once."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from mmradar.datasets.frame_stage import Arrays, FrameSource
from mmradar.errors import ConfigError
from mmradar.radar import Recording
from mmradar.radar.recording import OpenedFile


class MemoryCache:
    """Cache of the most recently used frames of a frame stage.

    Each data loader worker has its own cache. With shuffled windows there are few hits, which does no harm.

    Args:
        source: The frame stage.
        num_frames: Number of frames to keep, all views together. A frame takes 2.1 MB in the main configuration and
            0.5 MB in the light one.

    Raises:
        ConfigError: ``num_frames`` is below 1.
    """

    def __init__(self, source: FrameSource, num_frames: int = 64) -> None:
        if num_frames < 1:
            raise ConfigError(f'a memory cache keeps at least 1 frame, found {num_frames}')
        self.source, self.num_frames = source, num_frames
        self._frames: OrderedDict[tuple[str, OpenedFile, int], dict[str, np.ndarray]] = OrderedDict()

    def __getstate__(self) -> dict:
        return {**self.__dict__, '_frames': OrderedDict()}

    def __call__(self, view: str, recording: Recording, frames: np.ndarray) -> Arrays:
        """Return the arrays of each frame by name, in the given order. They belong to the cache: do not modify them."""
        if recording.file is None:  # a recording in memory has no lasting name that could serve as a key
            return self.source(view, recording, frames)
        # the key includes how the file was opened: with another radar or option, or after a change of the file, it
        # is another recording
        file, wanted = recording.file, list(dict.fromkeys(int(frame) for frame in frames))
        found = {f: self._frames[view, file, f] for f in wanted if (view, file, f) in self._frames}
        if missing := [frame for frame in wanted if frame not in found]:
            made = self.source(view, recording, np.asarray(missing))
            for place, frame in enumerate(missing):
                # copies: a view would keep the whole block alive for one of its frames
                found[frame] = {key: np.array(array[place]) for key, array in made.items()}
        for frame in wanted:
            self._frames[view, file, frame] = found[frame]
            self._frames.move_to_end((view, file, frame))
        while len(self._frames) > self.num_frames:
            self._frames.popitem(last=False)
        return {key: [found[int(frame)][key] for frame in frames] for key in found[wanted[0]]}
