"""Data set of simulated people whose windows are simulated on request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mmradar.datasets.datasets.base_radar_pose_dataset import BaseRadarPoseDataset
from mmradar.datasets.follows_epochs import FollowsEpochs
from mmradar.errors import ConfigError
from mmradar.metainfo import FRAMES_OF_ID
from mmradar.radar import RadarConfig, RawRecording
from mmradar.registry import DATASETS
from mmradar.simulation import Camera, SimulationPlan, simulate_sequence
from mmradar.structures import RadarWindow


@DATASETS.register_module()
class SimulatedRadarDataset(FollowsEpochs, BaseRadarPoseDataset):
    """Windows of raw radar frames of simulated people; nothing is read from or written to disk.

    Each window shows another subject in another room. Each epoch uses a :class:`~mmradar.simulation.SimulationPlan`
    with its own seed, so windows depend only on seed, epoch and number, not on workers. A window goes through the same
    pipeline as recorded ones; simulating it takes about 10 ms per frame and view.

    Samples are like those of :class:`HuPRDataset`, with recordings in memory.

    Args:
        num_windows: Number of windows per epoch.
        plan: Fields of :class:`~mmradar.simulation.SimulationPlan`, such as ``radar``, ``motions``, ``skin`` and
            ``extras``; not its seed or its numbers of sequences and frames, which this class sets.
        seed: Random seed of all windows.
        fresh: Simulate new windows in each epoch; otherwise the same ones, for validation and testing.
        window, views, pipeline, **kwargs: See :class:`BaseRadarPoseDataset`.

    Raises:
        ConfigError: ``num_windows`` is below 1, or ``plan`` has fields that it cannot have.
    """

    def __init__(
        self,
        num_windows: int,
        window: RadarWindow | int | Mapping[str, Any] = 9,
        plan: Mapping[str, Any] | None = None,
        seed: int = 0,
        fresh: bool = True,
        **kwargs,
    ) -> None:
        num_frames = RadarWindow.build(window).num_frames
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
        self.num_windows, self.seed, self.fresh, self.camera = num_windows, seed, fresh, Camera()
        super().__init__(window=window, **kwargs)

    @property
    def radar(self) -> RadarConfig:
        """The simulated radar."""
        return self.plan.radar_config

    def load_data_list(self) -> list[dict]:
        """Return the number of each window; :meth:`sample` simulates its content."""
        return [dict(sequence=number) for number in range(1, self.num_windows + 1)]

    def sample(self, entry: dict) -> dict:
        """Simulate a window."""
        epoch, sequence = self.epoch if self.fresh else 0, entry['sequence']
        seed = int(np.random.SeedSequence([self.seed, epoch]).generate_state(1)[0])
        raw, _, keypoints = simulate_sequence(replace(self.plan, seed=seed), sequence, self.camera, self.views)
        keypoints = keypoints.astype(np.float32)
        boxes = np.stack([self.camera.bounding_box(frame) for frame in keypoints]).astype(np.float32)
        return dict(
            **entry,
            id=sequence * FRAMES_OF_ID,
            img_id=sequence * FRAMES_OF_ID,
            frame=self.window.key_index,
            recordings={
                view: RawRecording(raw[view], Path(f'simulated/{seed}/{sequence}/{view}'), self.radar)
                for view in self.views
            },
            frame_indices=np.arange(self.window.num_frames),
            keypoints=keypoints,
            keypoints_visible=np.ones(keypoints.shape[:2], np.float32),
            areas=(boxes[:, 2:] - boxes[:, :2]).prod(1) / 2,
            bbox=boxes[self.window.key_index],
            image_size=self.camera.image_size,
        )
