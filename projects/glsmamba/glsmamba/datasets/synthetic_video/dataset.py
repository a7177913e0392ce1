"""Data set of clips that are rendered on demand."""

from __future__ import annotations

import hashlib
import os.path
from collections.abc import Sequence
from copy import deepcopy

import numpy as np
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from glsmamba.datasets.clip_dataset import ClipDataset
from glsmamba.datasets.posetrack_video_dataset import posetrack_metainfo
from glsmamba.datasets.synthetic_video.clip_cache import ClipCache
from glsmamba.datasets.synthetic_video.difficulty import Difficulty
from glsmamba.datasets.synthetic_video.random_scene import random_scene
from glsmamba.datasets.synthetic_video.render import RenderedClip, render_clip
from mmradar.errors import ConfigError, DataError
from mmradar.registry import DATASETS
from mmradar.simulation import read_motion
from mmradar.simulation.motions import check_motions

SPLITS = ('train', 'test')
_TRIES = 20


@DATASETS.register_module()
class SyntheticVideoPoseDataset(ClipDataset):
    """Data set of rendered clips of people of ``mmradar.simulation``, with PoseTrack's joints; needs no files.

    Every sample is a different clip: person, motion, moment, camera, light and background depend on ``seed``, split,
    epoch and sample number only. The people have all 17 joints, including ears.

    An entry has ``img``, a list of T arrays (H, W, 3) uint8, RGB, for ``LoadClip``, and the key frame's entries of
    ``PoseTrackVideoDataset``; in addition ``visibility`` (17,): 2 visible, 1 hidden, 0 outside the image. Hidden joints
    count as visible for training and evaluation (``keypoints_visible`` is 1), joints outside do not.

    Args:
        split: ``'train'`` or ``'test'``; the two share no clip.
        num_clips: Number of clips.
        num_frames: Number of frames T, odd; the key frame is in the middle.
        frame_rate_hz: Frames per second.
        image_size: (width, height) in px. The person fills a half to nine tenths of it; ``TopdownAffine`` takes the
            crop.
        difficulty: ``'easy'``, ``'medium'`` or ``'hard'``, see
            :class:`~glsmamba.datasets.synthetic_video.difficulty.Difficulty`.
        shutter, tempo, occluders, occluder_size, occluder_speed, others, jitter_px, noise, defocus_px, contrast:
            Arguments of ``Difficulty`` that replace those of ``difficulty``, unless ``None``.
        around_deg: Maximum angle of the camera around the person, from straight in front of them, 0 to 180. Small
            networks cannot tell a person's left from their right until they can tell the front from the back.
        motions: Procedural motions, names of ``mmradar.simulation.MOTIONS``; all if ``None``.
        motion_files: Recorded motions, files that ``mmradar.simulation.read_motion`` reads; relative paths are below
            ``data_root``. Give different files for each split.
        fresh: Make different clips in every epoch; otherwise the same ones.
        cache_dir: Folder for a cache of rendered clips (188 kB for five frames of 112 x 112), which are then not
            rendered again. No cache if ``None``.
        seed, **kwargs: See :class:`~glsmamba.datasets.clip_dataset.ClipDataset`.

    Raises:
        ConfigError: If an argument is out of its range.
        DataError: If a motion file is missing or damaged.
    """

    def __init__(
        self,
        split: str = 'train',
        num_clips: int = 1000,
        num_frames: int = 5,
        frame_rate_hz: float = 24.0,
        image_size: tuple[int, int] = (160, 160),
        difficulty: str = 'medium',
        shutter: float | None = None,
        tempo: float | None = None,
        occluders: int | None = None,
        occluder_size: float | None = None,
        occluder_speed: float | None = None,
        others: int | None = None,
        jitter_px: float | None = None,
        noise: float | None = None,
        defocus_px: float | None = None,
        contrast: float | None = None,
        around_deg: float = 180.0,
        motions: Sequence[str] | None = None,
        motion_files: Sequence[str] = (),
        fresh: bool = False,
        cache_dir: str | None = None,
        data_root: str | None = '',
        **kwargs,
    ) -> None:
        name = type(self).__name__
        if split not in SPLITS:
            raise ConfigError(f"{name}.split must be 'train' or 'test', found {split!r}")
        if num_clips < 1:
            raise ConfigError(f'{name}.num_clips must be at least 1, found {num_clips}')
        if num_frames < 1 or num_frames % 2 == 0:
            raise ConfigError(f'{name}.num_frames must be odd, with the key frame in the middle; found {num_frames}')
        if not (np.isfinite(frame_rate_hz) and frame_rate_hz > 0):
            raise ConfigError(f'{name}.frame_rate_hz must be positive, found {frame_rate_hz}')
        if len(image_size) != 2 or min(image_size) < 32:
            raise ConfigError(f'{name}.image_size must be (width, height) of at least 32 px, found {image_size}')
        if not 0 <= around_deg <= 180:
            raise ConfigError(f'{name}.around_deg must be 0 to 180, found {around_deg}')
        self.motions = check_motions(motions)
        if isinstance(motion_files, str):
            raise ConfigError(f'{name}.motion_files must be a list of paths, found {motion_files!r}')
        if not self.motions and not motion_files:
            raise ConfigError(f'{name} needs motions or motion_files')
        self.difficulty = Difficulty.named(
            difficulty,
            shutter=shutter,
            tempo=tempo,
            occluders=occluders,
            occluder_size=occluder_size,
            occluder_speed=occluder_speed,
            others=others,
            jitter_px=jitter_px,
            noise=noise,
            defocus_px=defocus_px,
            contrast=contrast,
        )
        self.split, self.num_clips, self.num_frames = split, num_clips, num_frames
        self.frame_rate_hz, self.fresh = frame_rate_hz, fresh
        self.image_size = (int(image_size[0]), int(image_size[1]))
        self.motion_files, self.cache_dir, self.around_deg = list(motion_files), cache_dir, around_deg
        super().__init__(data_root=data_root, **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        name = 'synthetic_video'
        return parse_pose_metainfo(metainfo) if metainfo else dict(deepcopy(posetrack_metainfo()), dataset_name=name)

    def _join_prefix(self) -> None:
        """Join ``data_root`` with ``motion_files``; there is no annotation file."""
        self.motion_files = [os.path.join(self.data_root or '', path) for path in self.motion_files]

    def load_data_list(self) -> list[dict]:
        """Return one small entry per clip, without images; read the recorded motions."""
        try:
            self.recordings = [read_motion(path) for path in self.motion_files]
        except FileNotFoundError as error:
            raise DataError(f'{error}; leave motion_files out: procedural motions need no files') from error
        self.cache = ClipCache(self.cache_dir, self._settings()) if self.cache_dir else None
        return [dict(id=number, img_id=number) for number in range(self.num_clips)]

    def _settings(self) -> str:
        recorded = [
            (hashlib.sha256(recording.positions_m.tobytes()).hexdigest(), recording.frame_rate_hz)
            for recording in self.recordings
        ]
        what = (
            self.difficulty,
            self.num_frames,
            self.frame_rate_hz,
            self.image_size,
            self.around_deg,
            self.motions,
            recorded,
        )
        return repr((*what, self.seed, self.split))

    def _render(self, epoch: int, number: int) -> RenderedClip:
        duration = self.num_frames / self.frame_rate_hz
        for attempt in range(_TRIES):
            rng = np.random.default_rng([self.seed, SPLITS.index(self.split), epoch, number, attempt])
            scene = random_scene(
                rng,
                self.difficulty,
                self.image_size,
                duration,
                self.motions,
                self.recordings,
                np.deg2rad(self.around_deg),
            )
            clip = render_clip(scene, self.num_frames, self.frame_rate_hz, rng)
            if (clip.visibility > 0).sum() >= 8:  # at least half of the person is in the image
                break
        return clip

    def get_data_info(self, idx: int) -> dict:
        """Return one clip, rendered or from the cache."""
        info = super().get_data_info(idx)
        epoch = self.epoch if self.fresh else 0
        number = info['id']
        if self.cache:
            clip = self.cache.get(f'{epoch}_{number}', lambda: self._render(epoch, number))
        else:
            clip = self._render(epoch, number)
        width, height = clip.bbox_px[2:] - clip.bbox_px[:2]
        head_width, head_height = clip.head_bbox_px[2:] - clip.head_bbox_px[:2]
        return dict(
            info,
            img=list(clip.images),
            img_path=f'synthetic/{self.split}/{epoch}/{number}',
            bbox=clip.bbox_px[None],
            bbox_score=np.ones(1, np.float32),
            keypoints=clip.keypoints_px[None],
            keypoints_visible=(clip.visibility > 0).astype(np.float32)[None],
            visibility=clip.visibility,
            num_keypoints=int((clip.visibility > 0).sum()),
            head_size=np.array([0.6 * np.hypot(head_width, head_height)], np.float32),
            area=np.array(width * height, np.float32),
            category_id=1,
            video=f'{self.split}/{number}',
            frame_indices=np.arange(self.num_frames),
        )
