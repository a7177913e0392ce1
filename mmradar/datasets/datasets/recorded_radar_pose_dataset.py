"""Windows of recordings that lie on disk."""

from __future__ import annotations

from collections.abc import Iterator

from mmradar.datasets.datasets.base_radar_pose_dataset import BaseRadarPoseDataset
from mmradar.radar import Recording


class RecordedRadarPoseDataset(BaseRadarPoseDataset):
    """A data set of recordings, of which the pipeline's frames can be kept on disk.

    A subclass says by :meth:`recordings` which there are, beside what :class:`BaseRadarPoseDataset` asks for.

    Args:
        cache_dir: Folder for what the pipeline makes of single frames; not kept on disk if ``None``. See
            :meth:`mmradar.datasets.RadarPipeline.keep_on_disk`.
        cache_dtype: ``'float16'`` or ``'float32'``, the precision there.
        **kwargs: As of :class:`BaseRadarPoseDataset`.

    Raises:
        ConfigError: A pipeline that has no frames to keep.
    """

    def __init__(self, cache_dir: str | None = None, cache_dtype: str = 'float16', **kwargs) -> None:
        self.cache_dir, self.cache_dtype = cache_dir, cache_dtype
        super().__init__(**kwargs)
        if self._fully_initialized:  # before the pipeline was there
            self._keep_on_disk()

    def full_init(self) -> None:
        """Load what there is; mmengine calls it, at the latest with the first sample."""
        super().full_init()
        if hasattr(self.pipeline, 'keep_on_disk'):
            self._keep_on_disk()

    def _keep_on_disk(self) -> None:
        first = next(self.recordings(), None)
        if self.cache_dir is not None and first is not None and self.pipeline.disk_cache is None:
            self.pipeline.keep_on_disk(self.cache_dir, *first, self.cache_dtype)

    def recordings(self) -> Iterator[tuple[str, Recording]]:
        """Every recording with its view."""
        raise NotImplementedError(f'{type(self).__name__} must say what it reads: def recordings(self)')
