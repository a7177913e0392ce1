"""Windows of simulated people, made when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmradar.datasets.follows_epochs import FollowsEpochs
from mmradar.errors import ConfigError
from mmradar.metainfo import FRAMES_OF_ID, HUPR_METAINFO
from mmradar.radar import RadarConfig, RawRecording
from mmradar.registry import DATASETS
from mmradar.simulation import Camera, SimulationPlan, simulate_sequence


@DATASETS.register_module()
class SimulatedRadarDataset(FollowsEpochs, BaseDataset):
    """Windows of raw radar frames of simulated people: nothing is read from disk, nothing is written.

    Every window is another subject in another room. An epoch is a :class:`~mmradar.simulation.SimulationPlan` with a
    seed of its own, so that windows depend on seed, epoch and number alone, not on workers. A window goes through the
    same pipeline as recorded ones; simulating it takes about 10 ms a frame and view.

    A sample, before the pipeline, is that of :class:`HuPRDataset`, with ``recordings`` in memory by view.

    Args:
        num_windows: Windows an epoch.
        num_frames: Frames T of a window; the key frame is number T // 2.
        plan: Fields of :class:`~mmradar.simulation.SimulationPlan` other than its numbers: ``radar``, ``motions``,
            ``skin``, ``extras`` and so on.
        seed: Of everything.
        fresh: New windows in every epoch; the same ones otherwise, to validate and test on.
        views: Radars, by their names in HuPR, in the order the model takes them.
        metainfo, pipeline, **kwargs: As mmengine's ``BaseDataset``.

    Raises:
        ConfigError: Numbers that do not fit, or fields a plan does not have.
    """

    METAINFO: dict = HUPR_METAINFO

    def __init__(
        self,
        num_windows: int,
        num_frames: int = 9,
        plan: Mapping[str, Any] | None = None,
        seed: int = 0,
        fresh: bool = True,
        views: Sequence[str] = ('hori', 'vert'),
        **kwargs,
    ) -> None:
        if num_frames < 1:
            raise ConfigError(f'SimulatedRadarDataset.num_frames must be at least 1, found {num_frames}')
        if num_windows < 1:
            raise ConfigError(f'SimulatedRadarDataset.num_windows must be at least 1, found {num_windows}')
        numbers = dict(train=num_windows, val=0, test=0, num_frames=num_frames, sequences_per_subject=1)
        options = dict(plan or {})
        if own := set(options) & {*numbers, 'seed'}:
            raise ConfigError(f'SimulatedRadarDataset.plan must leave {min(own)!r} to the data set')
        try:
            self.plan = SimulationPlan(**numbers, **options)
        except TypeError as error:
            raise ConfigError(f'SimulatedRadarDataset.plan: {error}') from None
        self.num_windows, self.num_frames, self.seed, self.fresh = num_windows, num_frames, seed, fresh
        self.views, self.camera = tuple(views), Camera()
        super().__init__(**kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        return parse_pose_metainfo(metainfo or cls.METAINFO)

    @property
    def radar(self) -> RadarConfig:
        """The radar that is simulated."""
        return self.plan.radar_config

    def load_data_list(self) -> list[dict]:
        """The number of each window; what is in it is made in :meth:`get_data_info`."""
        return [dict(sequence=number) for number in range(1, self.num_windows + 1)]

    def get_data_info(self, idx: int) -> dict:
        """Simulate a window."""
        info = super().get_data_info(idx)
        epoch = self.epoch if self.fresh else 0
        seed = int(np.random.SeedSequence([self.seed, epoch]).generate_state(1)[0])
        raw, _, keypoints = simulate_sequence(replace(self.plan, seed=seed), info['sequence'], self.camera, self.views)
        keypoints = keypoints.astype(np.float32)
        boxes = np.stack([self.camera.bounding_box(frame) for frame in keypoints]).astype(np.float32)
        names = {view: f'simulated/{seed}/{info["sequence"]}/{view}' for view in self.views}
        return dict(
            **info,
            id=info['sequence'] * FRAMES_OF_ID,
            img_id=info['sequence'] * FRAMES_OF_ID,
            frame=self.num_frames // 2,
            adc_paths=names,
            recordings={view: RawRecording(raw[view], Path(names[view]), self.radar) for view in self.views},
            frame_indices=np.arange(self.num_frames),
            key_index=self.num_frames // 2,
            sigmas=self.metainfo['sigmas'],
            radar=self.radar,
            cache_dir=None,
            keypoints=keypoints,
            keypoints_visible=np.ones(keypoints.shape[:2], np.float32),
            areas=(boxes[:, 2:] - boxes[:, :2]).prod(1) / 2,
            bbox=boxes[self.num_frames // 2],
            image_size=self.camera.image_size,
        )

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one window."""
        return self.pipeline(self.get_data_info(idx))
