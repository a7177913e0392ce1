"""Consecutive windows share most of their frames; each is made once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose

from mmradar.errors import ConfigError
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepFrames(BaseTransform):
    """Runs steps that treat every frame by itself, and keeps the last frames that came out in memory.

    Required keys: ``adc_paths``, ``frame_indices``, and what the steps need. Added: ``heatmap``, (frames, views, ...).
    Each worker of a data loader keeps its own frames. With shuffled windows little is found again and nothing is lost.

    Args:
        steps: Transforms up to ``heatmap``, without randomness and without a look at neighbouring frames.
        num_frames: Frames kept of all views together; the main configuration's take 2.1 MB each, the light one's 0.5.
    """

    def __init__(self, steps: Sequence[dict], num_frames: int = 64) -> None:
        if num_frames < 1:
            raise ConfigError(f'KeepFrames.num_frames must be at least 1, found {num_frames}')
        self.steps = Compose([TRANSFORMS.build(dict(step)) for step in steps])
        self.num_frames = num_frames
        self._kept: OrderedDict[tuple[str, int], np.ndarray] = OrderedDict()

    def __getstate__(self) -> dict:
        return {**self.__dict__, '_kept': OrderedDict()}

    def transform(self, results: dict) -> dict:
        frames = results['frame_indices']
        views = [self._view(view, path, frames, results) for view, path in results['adc_paths'].items()]
        first = views[0][0]
        window = np.empty((len(frames), len(views), *first.shape), first.dtype)
        for v, maps in enumerate(views):
            for t, heatmap in enumerate(maps):
                window[t, v] = heatmap
        results['heatmap'] = window
        return results

    def _view(self, view: str, path: str, frames: np.ndarray, results: dict) -> list[np.ndarray]:
        wanted = list(dict.fromkeys(int(frame) for frame in frames))
        found = {frame: self._kept[path, frame] for frame in wanted if (path, frame) in self._kept}
        if missing := [frame for frame in wanted if frame not in found]:
            single = {**results, 'adc_paths': {view: path}, 'frame_indices': np.asarray(missing)}
            made = self.steps(single)['heatmap'][:, 0]
            # copies: a view would keep the whole block alive for one of its frames
            found |= {frame: np.array(heatmap) for frame, heatmap in zip(missing, made)}
        for frame in wanted:
            self._kept[path, frame] = found[frame]
            self._kept.move_to_end((path, frame))
        while len(self._kept) > self.num_frames:
            self._kept.popitem(last=False)
        return [found[int(frame)] for frame in frames]
