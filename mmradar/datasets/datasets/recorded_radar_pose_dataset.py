"""Base class of data sets whose recordings are files on disk."""

from __future__ import annotations

from collections.abc import Iterator

from mmradar.datasets.datasets.base_radar_pose_dataset import BaseRadarPoseDataset
from mmradar.radar import Recording


class RecordedRadarPoseDataset(BaseRadarPoseDataset):
    """Base class for data sets of recordings, with a cache on disk for the pipeline's frame stage.

    A subclass lists its recordings in :meth:`recordings`, in addition to the methods of :class:`BaseRadarPoseDataset`.

    Args:
        cache_dir: Folder of the cache on disk; no such cache if ``None``. See
            :meth:`mmradar.datasets.RadarPipeline.keep_on_disk`.
        cache_dtype: Precision of the cache, ``'float16'`` or ``'float32'``.
        **kwargs: See :class:`BaseRadarPoseDataset`.

    Raises:
        ConfigError: A cache is requested, but the pipeline has no frame stage.
    """

    def __init__(self, cache_dir: str | None = None, cache_dtype: str = 'float16', **kwargs) -> None:
        self.cache_dir, self.cache_dtype = cache_dir, cache_dtype
        super().__init__(**kwargs)
        if self._fully_initialized:  # full_init ran before the pipeline was built
            self._keep_on_disk()

    def full_init(self) -> None:
        """Load the data list; mmengine calls this at the latest for the first sample."""
        super().full_init()
        if hasattr(self.pipeline, 'keep_on_disk'):
            self._keep_on_disk()

    def _keep_on_disk(self) -> None:
        first = next(self.recordings(), None)
        if self.cache_dir is not None and first is not None and self.pipeline.disk_cache is None:
            self.pipeline.keep_on_disk(self.cache_dir, *first, self.cache_dtype)

    def recordings(self) -> Iterator[tuple[str, Recording]]:
        """Return an iterator over all recordings on disk, as pairs of view and recording."""
        raise NotImplementedError(f'{type(self).__name__} must list what it reads: def recordings(self)')
