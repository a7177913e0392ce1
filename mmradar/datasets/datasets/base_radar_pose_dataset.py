"""What all data sets of radar windows share."""

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
    """Windows of radar frames of several views.

    A subclass says what windows there are, by mmengine's ``load_data_list``, and what one is, by :meth:`sample`. One
    whose frames lie on disk begins with :class:`~mmradar.datasets.RecordedRadarPoseDataset`.

    A sample, before the pipeline: ``recordings`` (by view, in the order that the model takes them) and
    ``frame_indices`` (T,); ``image_size`` (width, height) in px, or ``volume_m`` ((x, y, z) to (x, y, z)) in three
    dimensions; from here ``key_index``, the key frame's number in the window, and the metainfo's ``sigmas``. Where
    there are labels: ``keypoints`` (T, J, D) in px or m, ``keypoints_visible`` (T, J), 0 where a joint does not count,
    ``areas`` (T,) in px^2 and ``bbox`` (4,) of the key frame in px. Anything else, such as ``img_id``, is for metrics
    and pictures: :class:`~mmradar.datasets.transforms.PackRadarInputs` says what it takes along.

    Args:
        window: A :class:`~mmradar.structures.RadarWindow`, a number of frames, or its fields.
        views: Radars, in the order the model takes them.
        cached_frames: Frames of all views together that each worker keeps in memory; 0 for none.
        metainfo, pipeline, test_mode, **kwargs: As mmengine's ``BaseDataset``.

    Raises:
        ConfigError: A window that cannot be, or views that are no list.
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
        """A window, see the class.

        Args:
            entry: Of ``load_data_list``.
        """
        raise NotImplementedError(f'{type(self).__name__} must say what a window is: def sample(self, entry)')

    def get_data_info(self, idx: int) -> dict:
        """A window before the pipeline, see the class."""
        sigmas = np.asarray(self.metainfo['sigmas'], np.float32)
        return dict(key_index=self.window.key_index, sigmas=sigmas, **self.sample(super().get_data_info(idx)))

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one window. A bad sample is an error; mmengine would quietly train on another."""
        return self.pipeline(self.get_data_info(idx))
