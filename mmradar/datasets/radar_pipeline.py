"""A pipeline in two stages: what is done to frames, then what is done to windows."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from mmengine.dataset import Compose

from mmradar.datasets.cache import DiskCache, MemoryCache
from mmradar.datasets.frame_stage import FrameSource, FrameStage, is_per_frame, window_arrays
from mmradar.errors import ConfigError
from mmradar.radar import Recording
from mmradar.registry import TRANSFORMS

_INPUTS = ('recordings', 'frame_indices')


class RadarPipeline(Compose):
    """The transforms of a flat pipeline, from a window's recordings to a network's input.

    The leading transforms that say ``per_frame = True`` are the frame stage. It knows of a window only ``recordings``
    (by view) and ``frame_indices``; as it treats frames by themselves, caches stand in front of it, and consecutive
    windows, data sets, streams share its work. All other transforms follow on the whole window, as in mmpose.

    Args:
        transforms: Settings of transforms, or transforms.
        cached_frames: Frames of all views together that are kept in memory; none with 0.
    """

    def __init__(
        self, transforms: Sequence[Mapping[str, Any] | Callable[[dict], dict]] | None, cached_frames: int = 0
    ) -> None:
        self.settings = copy.deepcopy(list(transforms or []))
        super().__init__([each if callable(each) else TRANSFORMS.build(dict(each)) for each in self.settings])
        self.num_per_frame = len(list(takewhile(is_per_frame, self.transforms)))
        self.cached_frames, self.disk_cache = cached_frames, None
        self._frames = self._remembered(FrameStage(self.transforms[: self.num_per_frame]))

    def _remembered(self, stage: FrameSource) -> FrameSource:
        return MemoryCache(stage, self.cached_frames) if self.cached_frames else stage

    def keep_on_disk(self, folder: str | Path, view: str, recording: Recording, dtype: str = 'float16') -> None:
        """Keep frames on disk, in the smallest form in which the frame stage has them; the rest of it follows anew.

        Of a 3D heatmap that is what comes before the angle transform: 12 antennas, a fifth of 64 angles.

        Args:
            folder: Where to.
            view, recording: Any, to see how large the forms are.
            dtype: ``'float16'`` or ``'float32'``.

        Raises:
            ConfigError: No transform is per frame, or one is not given by settings that JSON can hold.
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
        self._frames = self._remembered(FrameStage(self.transforms[count : self.num_per_frame], self.disk_cache))

    def _described(self, index: int) -> list:
        """All that a transform's result depends on, as JSON can hold it."""
        settings, transform = self.settings[index], self.transforms[index]
        if not isinstance(settings, Mapping):
            raise ConfigError(
                f'a cache on disk needs the settings of every transform, but {type(transform).__name__} is given as an '
                'object; write dict(type=...) in its place'
            )
        plain = settings.to_dict() if hasattr(settings, 'to_dict') else dict(settings)
        try:
            plain = json.loads(json.dumps(plain, default=_as_text))
        except TypeError as error:
            raise ConfigError(
                f'a cache on disk is named by the settings of every transform, which must be numbers, texts, lists and '
                f'dictionaries; those of {type(transform).__name__} are not: {error}'
            ) from error
        return [plain, transform.fingerprint() if hasattr(transform, 'fingerprint') else None]

    def __call__(self, results: dict) -> dict | None:
        """Run both stages on a window.

        Args:
            results: With ``recordings`` and ``frame_indices``; whatever else it has goes to the second stage.
        """
        results = dict(results)
        if self.num_per_frame:
            results |= window_arrays(self._frames, results['recordings'], results['frame_indices'])
        return self.window_stage(results)

    @property
    def frame_stage(self) -> FrameSource:
        """What is done to frames by themselves, without any cache: for streams, whose frames come once."""
        return FrameStage(self.transforms[: self.num_per_frame])

    def window_stage(self, results: dict) -> dict | None:
        """What is done to windows, whose frames have gone through the frame stage."""
        for transform in self.transforms[self.num_per_frame :]:
            results = transform(results)
            if results is None:
                return None
        return results


def _as_text(value: Any) -> str:
    """Paths and classes in settings, as JSON can hold them."""
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, type):
        return f'{value.__module__}.{value.__qualname__}'
    raise TypeError(f'found {value!r}')
