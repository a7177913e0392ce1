"""Pipeline in two stages: transforms of single frames, then transforms of whole windows."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from mmengine.config import ConfigDict
from mmengine.dataset import Compose

from mmradar.datasets.cache import DiskCache, MemoryCache
from mmradar.datasets.frame_stage import FrameSource, FrameStage, is_per_frame, window_arrays
from mmradar.errors import ConfigError
from mmradar.radar import Recording
from mmradar.registry import TRANSFORMS

_INPUTS = ('recordings', 'frame_indices')


class RadarPipeline(Compose):
    """Pipeline from a window's recordings to a network's input.

    The leading transforms with ``per_frame = True`` form the frame stage. Its only inputs are ``recordings`` (by view)
    and ``frame_indices``. As it processes each frame independently, its output can be cached and shared by consecutive
    windows, data sets and streams. The remaining transforms process the whole window, as in mmpose.

    Args:
        transforms: Transforms, or their settings.
        cached_frames: Number of frames to cache in memory, all views together; 0 for no cache.
    """

    def __init__(
        self, transforms: Sequence[Mapping[str, Any] | Callable[[dict], dict]] | None, cached_frames: int = 0
    ) -> None:
        self.settings = copy.deepcopy(list(transforms or []))
        super().__init__([each if callable(each) else TRANSFORMS.build(dict(each)) for each in self.settings])
        self.num_per_frame = len(list(takewhile(is_per_frame, self.transforms)))
        self.cached_frames, self.disk_cache = cached_frames, None
        self._frames = self._with_memory_cache(FrameStage(self.transforms[: self.num_per_frame]))

    def _with_memory_cache(self, stage: FrameSource) -> FrameSource:
        return MemoryCache(stage, self.cached_frames) if self.cached_frames else stage

    def keep_on_disk(self, folder: str | Path, view: str, recording: Recording, dtype: str = 'float16') -> None:
        """Cache frames on disk after the transform of the frame stage whose output is smallest.

        The rest of the frame stage is computed on every access. For a 3D heatmap, the smallest output is the input of
        the angle transform: 12 antennas take a fifth of the space of 64 angles.

        Args:
            folder: Folder of the cache.
            view, recording: Any view and its recording; used to measure the size of each transform's output.
            dtype: ``'float16'`` or ``'float32'``.

        Raises:
            ConfigError: There is no frame stage, or a transform is not given by settings that JSON can hold.
        """
        if not self.num_per_frame:
            raise ConfigError('the pipeline begins with no per-frame transform: there are no frames to keep on disk')
        sizes, results = [], dict(recordings={view: recording}, frame_indices=np.zeros(1, int))
        for transform in self.transforms[: self.num_per_frame]:
            results = transform(results)
            sizes.append(sum(array.nbytes for name, array in results.items() if name not in _INPUTS))
        count = sizes.index(min(sizes)) + 1
        kept = FrameStage(self.transforms[:count])
        self.disk_cache = DiskCache(kept, folder, [self._described(index) for index in range(count)], dtype)
        self._frames = self._with_memory_cache(FrameStage(self.transforms[count : self.num_per_frame], self.disk_cache))

    def _described(self, index: int) -> list:
        """Return everything that a transform's result depends on, as JSON-serialisable values."""
        settings, transform = self.settings[index], self.transforms[index]
        if not isinstance(settings, Mapping):
            raise ConfigError(
                f'a cache on disk needs the settings of every transform, but {type(transform).__name__} is given as an '
                'object; write dict(type=...) instead'
            )
        plain = settings.to_dict() if isinstance(settings, ConfigDict) else dict(settings)
        try:
            plain = json.loads(json.dumps(plain, default=_as_text))
        except TypeError as error:
            raise ConfigError(
                f'a cache on disk is named by the settings of every transform, which must be numbers, strings, lists '
                f'and dictionaries; those of {type(transform).__name__} are not: {error}'
            ) from error
        return [plain, transform.fingerprint() if hasattr(transform, 'fingerprint') else None]

    def __call__(self, results: dict) -> dict | None:
        """Run both stages on a window.

        Args:
            results: Contains ``recordings`` and ``frame_indices``; all other entries go to the window stage only.
        """
        results = dict(results)
        if self.num_per_frame:
            results |= window_arrays(self._frames, results['recordings'], results['frame_indices'])
        return self.window_stage(results)

    @property
    def frame_stage(self) -> FrameStage:
        """The frame stage without any cache, for streams, whose frames come only once."""
        return FrameStage(self.transforms[: self.num_per_frame])

    def window_stage(self, results: dict) -> dict | None:
        """Run the transforms of windows on a window whose frames have passed the frame stage."""
        for transform in self.transforms[self.num_per_frame :]:
            results = transform(results)
            if results is None:
                return None
        return results


def _as_text(value: Any) -> str:
    """Convert a path or class in settings to a string, for JSON."""
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, type):
        return f'{value.__module__}.{value.__qualname__}'
    raise TypeError(f'found {value!r}')
