"""Base class of all data sets of radar windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmradar.datasets.radar_pipeline import RadarPipeline
from mmradar.errors import ConfigError
from mmradar.metainfo import HUPR_METAINFO
from mmradar.structures import RadarWindow


class BaseRadarPoseDataset(BaseDataset):
    """Base class for data sets whose samples are windows of radar frames of several views.

    A subclass lists its windows in mmengine's ``load_data_list`` and returns one from :meth:`sample`. Data sets whose
    frames are on disk derive from :class:`~mmradar.datasets.RecordedRadarPoseDataset`.

    A sample contains, before the pipeline: ``recordings`` (by view, in the order that the model takes them) and
    ``frame_indices`` (T,); ``image_size`` (width, height) in px, or in three dimensions ``volume_m``, its lowest and
    highest corner ((x, y, z), (x, y, z)). This class adds ``key_index``, the key frame's index in the window, and the
    metainfo's ``sigmas``. If there are labels: ``keypoints`` (T, J, D) in px or m, ``keypoints_visible`` (T, J), 0
    where a joint does not count, ``areas`` (T,) in px^2 and ``bbox`` (4,) of the key frame in px. Other entries, such
    as ``img_id``, are for metrics and pictures; :class:`~mmradar.datasets.transforms.PackRadarInputs` lists those that
    it keeps.

    Args:
        window: A :class:`~mmradar.structures.RadarWindow`, a number of frames, or a dictionary of its fields.
        views: Names of the radars, in the order that the model takes them.
        cached_frames: Number of frames, all views together, that each worker caches in memory; 0 for no cache.
        metainfo, pipeline, test_mode, **kwargs: See mmengine's ``BaseDataset``.

    Raises:
        ConfigError: The window is invalid, or ``views`` is not a list of names.
    """

    METAINFO: dict = HUPR_METAINFO

    def __init__(
        self,
        window: RadarWindow | int | Mapping[str, Any] = 9,
        views: Sequence[str] = ('hori', 'vert'),
        cached_frames: int = 64,
        pipeline: Sequence[dict] = (),
        **kwargs,
    ) -> None:
        if isinstance(views, str) or not views:
            raise ConfigError(
                f'{type(self).__name__}.views must be a list of names such as [hori,vert], found {views!r}'
            )
        self.window, self.views = RadarWindow.build(window), tuple(views)
        super().__init__(**kwargs)
        self.pipeline = RadarPipeline(pipeline, cached_frames)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        return parse_pose_metainfo(metainfo or cls.METAINFO)

    def sample(self, entry: dict) -> dict:
        """Return a window before the pipeline, without ``key_index`` and ``sigmas``; see the class.

        Args:
            entry: Entry of ``load_data_list``.
        """
        raise NotImplementedError(f'{type(self).__name__} must define what a window is: def sample(self, entry)')

    def get_data_info(self, idx: int) -> dict:
        """Return a window before the pipeline; see the class."""
        sigmas = np.asarray(self._metainfo['sigmas'], np.float32)  # `metainfo` would copy all of it for each window
        return dict(key_index=self.window.key_index, sigmas=sigmas, **self.sample(super().get_data_info(idx)))

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one window. An invalid sample raises; mmengine would silently take another one."""
        return self.pipeline(self.get_data_info(idx))
