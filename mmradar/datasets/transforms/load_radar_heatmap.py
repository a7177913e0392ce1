"""The radar part of the pipeline as one transform, so that its result can be kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose

from mmradar.datasets.heatmap_cache import HeatmapCache
from mmradar.radar import open_dca1000
from mmradar.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadRadarHeatmap(BaseTransform):
    """Runs the steps from raw file to ``heatmap``, or reads their result from the cache.

    Required keys: ``adc_paths``, ``frame_indices``, ``radar``, and ``cache_dir`` (the data set's argument). With a
    ``cache_dir``, the first window of a recording makes the heatmaps of all its frames; later ones read them.

    Args:
        steps: Transforms from ``LoadRadarCube`` to ``heatmap``.
        cache_dtype: ``'float16'`` or ``'float32'``, the precision of the cache.
    """

    def __init__(self, steps: Sequence[dict], cache_dtype: str = 'float16') -> None:
        self.settings = [dict(step) for step in steps]
        self.steps = Compose([TRANSFORMS.build(dict(step)) for step in steps])
        self.cache_dtype = cache_dtype
        self._cache: HeatmapCache | None = None

    def transform(self, results: dict) -> dict:
        if results.get('cache_dir') is None:
            return self.steps(results)
        if self._cache is None or str(self._cache.folder) != str(results['cache_dir']):
            self._cache = HeatmapCache(results['cache_dir'], self.settings, self.cache_dtype)
        frames, inverse = np.unique(results['frame_indices'], return_inverse=True)
        views = [self._view(view, path, frames, results) for view, path in results['adc_paths'].items()]
        results['heatmap'] = np.stack(views, axis=1)[inverse]
        return results

    def _view(self, view: str, path: str, frames: np.ndarray, results: dict) -> np.ndarray:
        radar = results['radar']

        def compute(block: np.ndarray) -> np.ndarray:
            return self.steps({**results, 'adc_paths': {view: path}, 'frame_indices': block})['heatmap'][:, 0]

        return self._cache.frames(path, frames, radar, len(open_dca1000(path, radar)), compute)
