"""Consecutive windows share most of their frames; each is made once."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from mmradar.datasets.frame_stage import Arrays, FrameSource
from mmradar.errors import ConfigError
from mmradar.radar import Recording
from mmradar.radar.recording import OpenedFile


class MemoryCache:
    """Keeps the last frames that came out of a frame stage.

    Each worker of a data loader keeps its own. With shuffled windows little is found again and nothing is lost.

    Args:
        source: The stage.
        num_frames: Frames kept of all views together; the main configuration's take 2.1 MB each, the light one's 0.5.

    Raises:
        ConfigError: No room for a frame.
    """

    def __init__(self, source: FrameSource, num_frames: int = 64) -> None:
        if num_frames < 1:
            raise ConfigError(f'a memory cache keeps at least 1 frame, found {num_frames}')
        self.source, self.num_frames = source, num_frames
        self._frames: OrderedDict[tuple[str, OpenedFile, int], dict[str, np.ndarray]] = OrderedDict()

    def __getstate__(self) -> dict:
        return {**self.__dict__, '_frames': OrderedDict()}

    def __call__(self, view: str, recording: Recording, frames: np.ndarray) -> Arrays:
        """Frames, in this order, which stay the cache's: not to be changed."""
        if recording.file is None:  # what is in memory has no name that stays its own
            return self.source(view, recording, frames)
        # the file as it was opened: another radar or option, or a later state of it, is another recording
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
