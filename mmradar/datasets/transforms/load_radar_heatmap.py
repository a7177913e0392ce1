"""The radar part of the pipeline as one transform, so that its result can be kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose

from mmradar.datasets.heatmap_cache import HeatmapCache
from mmradar.radar import open_recording
from mmradar.registry import TRANSFORMS


def _with_content(step: dict) -> dict:
    """A step's settings, calibration files by what is in them."""
    step = dict(step)
    if step.get('calibrations'):
        step['calibrations'] = {view: Path(path).read_text() for view, path in step['calibrations'].items()}
    return step


@TRANSFORMS.register_module()
class LoadRadarHeatmap(BaseTransform):
    """Runs the steps from raw file to ``heatmap``, or reads their result from the cache.

    Required keys: ``adc_paths``, ``frame_indices``, ``radar``, and ``cache_dir`` (the data set's argument). With a
    ``cache_dir``, the first window of a recording makes the heatmaps of all its frames; later ones read them.
    ``tools/preprocess.py`` makes them all beforehand.

    Args:
        steps: Transforms from ``LoadRadarCube`` to ``heatmap``.
        cache_dtype: ``'float16'`` or ``'float32'``, the precision of the cache.
    """

    def __init__(self, steps: Sequence[dict], cache_dtype: str = 'float16') -> None:
        self.step_settings = [dict(step) for step in steps]
        self.settings = [_with_content(step) for step in steps]
        self.steps = Compose([TRANSFORMS.build(dict(step)) for step in steps])
        self.cache_dtype = cache_dtype
        self._cache: HeatmapCache | None = None

    def transform(self, results: dict) -> dict:
        if results.get('cache_dir') is None:
            return self.steps(results)
        self._open_cache(results)
        views = [
            self._cache.frames(path, results['frame_indices'], results['radar'], *self._maker(results, view))
            for view, path in results['adc_paths'].items()
        ]
        results['heatmap'] = np.stack(views, axis=1)
        return results

    def fill(self, results: dict) -> Path:
        """Make the cache file of the one view in ``results``, unless it is there. Returns its path."""
        self._open_cache(results)
        ((view, path),) = results['adc_paths'].items()
        return self._cache.fill(path, results['radar'], *self._maker(results, view))

    def cache_path(self, results: dict) -> Path:
        """Where the cache file of the one view in ``results`` is, or will be."""
        self._open_cache(results)
        ((_, path),) = results['adc_paths'].items()
        return self._cache.path(path, results['radar'])

    def frame_bytes(self, results: dict) -> int:
        """About what a frame of the one view in ``results`` takes in the cache."""
        heatmap = self.steps({**results, 'frame_indices': np.zeros(1, int)})['heatmap']
        return 2 * heatmap.size * np.dtype(self.cache_dtype).itemsize

    def _open_cache(self, results: dict) -> None:
        settings = [*self.settings, results.get('recording', {})]
        if self._cache is None or (str(self._cache.folder), self._cache.settings) != (
            str(results['cache_dir']),
            settings,
        ):
            self._cache = HeatmapCache(results['cache_dir'], settings, self.cache_dtype)

    def _maker(self, results: dict, view: str) -> tuple[Callable[[], int], Callable[[np.ndarray], np.ndarray]]:
        """How many frames a view has, and what makes their heatmaps; both asked for only if the cache lacks them."""
        path = results['adc_paths'][view]

        def compute(block: np.ndarray) -> np.ndarray:
            return self.steps({**results, 'adc_paths': {view: path}, 'frame_indices': block})['heatmap'][:, 0]

        return (lambda: len(open_recording(path, results['radar'], **results.get('recording', {})))), compute
