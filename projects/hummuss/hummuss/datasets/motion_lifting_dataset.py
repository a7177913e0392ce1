"""Data set of motions seen by a virtual camera: windows of 2D joints as input and 3D joints as labels."""

from __future__ import annotations

import dataclasses
import inspect
import math
import os.path
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from mmengine.dataset import BaseDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from hummuss.datasets.frame_times import FrameTimes
from hummuss.datasets.lifting_arrays import (
    check_lifting_arrays,
    correlated_in_time,
    mirrored,
    missing_joints,
    normalise_to_screen,
    pack_lifting_sample,
)
from hummuss.datasets.motion_sources import SPLITS, MotionClip, procedural_clip, recorded_clips
from hummuss.datasets.virtual_camera import VirtualCamera
from mmradar.datasets.follows_epochs import FollowsEpochs
from mmradar.errors import ConfigError, DataError
from mmradar.metainfo import HUPR_METAINFO
from mmradar.registry import DATASETS
from mmradar.simulation.motions import check_motions
from mmradar.simulation.skeleton import JOINTS

_HIPS = [JOINTS['R_Hip'], JOINTS['L_Hip']]
SHORT = ('error', 'pad', 'drop')
# Camera constructors by the name that configurations use.
CAMERAS = {'around': VirtualCamera.random, 'in_front': VirtualCamera.in_front}


@DATASETS.register_module()
class MotionLiftingDataset(FollowsEpochs, BaseDataset):
    """Data set for 2D to 3D lifting from any motion source of ``mmradar.simulation``; by default procedural motions.

    Each clip is one person's motion filmed by one random camera; each sample is a window of a clip. All random numbers
    depend only on ``seed``, split, epoch and the sample's number, not on the workers. At other rates (``rate_scale``,
    ``irregular``) the clips and cameras stay the same, and with ``keep='duration'`` so do the start times of windows.

    A sample needs no pipeline. It contains:

    - ``inputs`` (T, 14, 3): x, y on screen (x from -1 to 1 across the image, y down by the same scale) and the
      confidence. All three are 0 for a missing joint.
    - ``data_samples`` with ``gt_instance_labels``: ``keypoints_3d`` (T, 14, 3) in m, relative to the pelvis (the
      midpoint of the hips), in camera axes (x right, y down, z away), and ``keypoint_weights`` (T, 14), 0 for padded
      frames. Its meta information: ``delta_scale`` (float, or (T,) float32 if intervals differ), ``timestamps_s`` (T,),
      ``frame_rate_hz`` (of the sample), ``action``, ``person``, ``clip_id``, ``window``, ``id``, ``image_size``,
      ``flip`` (whether the sample is mirrored) and ``flip_indices``.

    Args:
        split: ``'train'`` or ``'test'``, which differ in people, seeds and files; ``None`` uses all files.
        num_clips: Number of procedural clips; 0 for none.
        clip_s: Duration of each procedural clip; ``None`` for 10 s or the time of four windows at the training rate,
            whichever is longer.
        motions: Procedural motions, names of ``mmradar.simulation.MOTIONS``; all if ``None``.
        routines: Whether a procedural clip has several motions that follow and blend into each other, see
            :class:`mmradar.simulation.Routine`, instead of one.
        varied: With ``routines``, bodies of all proportions, and free and wide movements, as in recordings of people.
        motion_files: Files and folders of recorded motions, see
            :func:`~hummuss.datasets.motion_sources.recorded_clips`; relative paths are below ``data_root``.
        views: Number of cameras, and so of clips, for each recorded motion.
        test_every, smooth_hz, on_error: See :func:`~hummuss.datasets.motion_sources.recorded_clips`.
        num_frames: Number of frames T of a window at the training rate.
        mixed_frames: Window lengths in frames at the training rate, such as ``(41, 81, 161)``. Each sample's is drawn
            from those that fit into its clip, all with the same probability, so that a batch contains several. For
            training, so it needs ``fresh=True``; the number of windows follows from ``num_frames``. Empty: all have
            ``num_frames``.
        stride: Frames from one window's start to the next, at the training rate; T if ``None``.
        frame_rate_hz: Training rate; motions are resampled to it.
        rate_scale: Factor on ``frame_rate_hz``, to test at another rate.
        keep: ``'duration'`` or ``'frames'``: what a window keeps at another rate, see
            :class:`~hummuss.datasets.frame_times.FrameTimes`.
        irregular: Largest deviation of random intervals between frames from their mean, as a share of the mean.
            ``True`` is 0.75: each interval is 0.25 to 1.75 of the mean. ``False``: equal intervals.
        rescale: Give the model the intervals as ``delta_scale``. ``False`` sets ``delta_scale`` to 1, for comparison.
        short: Handling of recorded clips shorter than a window: ``'error'``, ``'pad'`` (missing joints with weight 0
            at the end), or ``'drop'``.
        camera: Type and ranges of the camera. Type ``'around'`` (default) stands anywhere around the person and turns
            to them, see :meth:`VirtualCamera.random <hummuss.datasets.virtual_camera.VirtualCamera.random>`, with
            ``distance_m``, ``height_m``, ``fill``, ``image_size``. Type ``'in_front'`` stands in a room where people
            may be anywhere in the image, see
            :meth:`VirtualCamera.in_front <hummuss.datasets.virtual_camera.VirtualCamera.in_front>`, with
            ``distance_m`` (required for recorded motions), ``aside_m``, ``turned_rad``, ``height_m``, ``pitch_rad``,
            ``focal_px``, ``image_size``, ``margin_px``.
        noise_px: Standard deviation of the 2D joints' error in x and in y; one number, or one for each joint.
        noise_correlation_s: Time after which the error's autocorrelation has fallen to 1 / e; 0 for errors that are
            independent in each frame. Our choice.
        joint_dropout: Share of 2D joints that are missing.
        dropout_s: Mean time for which a joint is missing; 0 for independent frames.
        flip_prob: Share of windows that are mirrored, with left and right joints exchanged.
        fresh: Draw new people, cameras, noise and start times in every epoch; otherwise they stay the same, for tests.
        seed: Seed of all random numbers.
        data_root, metainfo, **kwargs: See mmengine's ``BaseDataset``.

    Raises:
        ConfigError: An argument is out of its range.
        DataError: Motion files are missing, damaged or too short.
    """

    METAINFO: dict = HUPR_METAINFO

    def __init__(
        self,
        split: str | None = 'train',
        num_clips: int = 210,
        clip_s: float | None = None,
        motions: Sequence[str] | None = None,
        routines: bool = False,
        varied: bool = False,
        motion_files: Sequence[str] = (),
        views: int = 1,
        test_every: int = 4,
        smooth_hz: float | None = None,
        on_error: str = 'raise',
        num_frames: int = 27,
        mixed_frames: Sequence[int] = (),
        stride: int | None = None,
        frame_rate_hz: float = 30.0,
        rate_scale: float = 1.0,
        keep: str = 'duration',
        irregular: bool | float = False,
        rescale: bool = True,
        short: str = 'error',
        camera: Mapping[str, Any] | None = None,
        noise_px: float | Sequence[float] = 5.0,
        noise_correlation_s: float = 0.0,
        joint_dropout: float = 0.0,
        dropout_s: float = 0.0,
        flip_prob: float = 0.0,
        fresh: bool = False,
        seed: int = 0,
        data_root: str | None = '',
        **kwargs,
    ) -> None:
        self.times = FrameTimes(
            num_frames, frame_rate_hz, rate_scale, keep, 0.75 if irregular is True else float(irregular)
        )
        self.mixed_times = tuple(dataclasses.replace(self.times, num_frames=frames) for frames in mixed_frames)
        if self.mixed_times and not fresh:
            raise ConfigError(
                'MotionLiftingDataset.mixed_frames needs fresh=True: windows of several lengths are drawn anew in each '
                'epoch, and tests should have one length'
            )
        if split not in (*SPLITS, None):
            raise ConfigError(f"MotionLiftingDataset.split must be 'train', 'test' or None, found {split!r}")
        if short not in SHORT:
            raise ConfigError(f'MotionLiftingDataset.short must be one of {", ".join(SHORT)}, found {short!r}')
        if isinstance(motion_files, str):
            raise ConfigError(f'MotionLiftingDataset.motion_files must be a list of paths, found {motion_files!r}')
        if num_clips < 0 or views < 1 or (num_clips == 0 and not motion_files):
            raise ConfigError(
                'MotionLiftingDataset needs num_clips of at least 1, or motion_files and views of at least 1; '
                f'found num_clips={num_clips}, motion_files={list(motion_files)}, views={views}'
            )
        noise = np.asarray(noise_px, np.float64)
        if noise.shape not in ((), (len(JOINTS),)) or not (np.isfinite(noise).all() and (noise >= 0).all()):
            raise ConfigError(
                f'MotionLiftingDataset.noise_px must be 0 px or more, one number or {len(JOINTS)}, found {noise_px}'
            )
        for name, value in (('joint_dropout', joint_dropout), ('flip_prob', flip_prob)):
            if not 0 <= value <= 1:
                raise ConfigError(f'MotionLiftingDataset.{name} must be 0 to 1, found {value}')
        for name, value in (('dropout_s', dropout_s), ('noise_correlation_s', noise_correlation_s)):
            if not (np.isfinite(value) and value >= 0):
                raise ConfigError(f'MotionLiftingDataset.{name} must be 0 s or more, found {value}')
        if stride is not None and stride < 1:
            raise ConfigError(f'MotionLiftingDataset.stride must be at least 1 frame, found {stride}')
        self.split, self.num_clips, self.views, self.short = split, num_clips, views, short
        self.clip_s = max(10.0, 4 * num_frames / frame_rate_hz) if clip_s is None else float(clip_s)
        self.motions, self.motion_files = check_motions(motions), list(motion_files)
        if varied and not routines:
            raise ConfigError('MotionLiftingDataset.varied is a property of routines: set routines=True')
        self.routines, self.varied = routines, varied
        if num_clips and not self.motions:
            raise ConfigError('MotionLiftingDataset.motions is empty; name some, or set num_clips=0')
        self.reading: dict[str, Any] = dict(test_every=test_every, smooth_hz=smooth_hz, on_error=on_error)
        self.stride_s = (num_frames if stride is None else stride) / frame_rate_hz
        if keep == 'frames':
            self.stride_s /= rate_scale
        self.rescale, self.fresh, self.seed = rescale, fresh, seed
        self.camera = {'type': 'around', **(camera or {})}
        kind = self.camera.pop('type')
        if kind not in CAMERAS:
            raise ConfigError(f'MotionLiftingDataset.camera.type must be one of {", ".join(CAMERAS)}, found {camera}')
        self.film = CAMERAS[kind]
        known = set(inspect.signature(self.film).parameters) - {'joints_m', 'rng'}
        if unknown := set(self.camera) - known:
            raise ConfigError(f'MotionLiftingDataset.camera has no {min(unknown)!r}; it has {", ".join(sorted(known))}')
        if motion_files and self.film == VirtualCamera.in_front and self.camera.get('distance_m') is None:
            raise ConfigError(
                "MotionLiftingDataset.camera of type 'in_front' needs distance_m, such as (2.0, 2.8), for recorded "
                'motions, as they may be anywhere in their world'
            )
        # One number, or one for each joint as (14, 1), to broadcast over x and y
        self.noise_px = noise[:, None] if noise.ndim else float(noise)
        self.noise_correlation_s, self.joint_dropout, self.dropout_s = noise_correlation_s, joint_dropout, dropout_s
        self.flip_prob = flip_prob
        super().__init__(data_root=data_root, **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        return parse_pose_metainfo(metainfo or cls.METAINFO)

    def _join_prefix(self) -> None:
        """Join the paths of ``motion_files`` with ``data_root``; there is no annotation file."""
        self.motion_files = [os.path.join(self.data_root or '', path) for path in self.motion_files]

    def load_data_list(self) -> list[dict]:
        """Return one small entry for each window; clips are generated and filmed when a window is requested."""
        recorded = recorded_clips(self.motion_files, self.split, **self.reading) if self.motion_files else []
        self.recorded, lengths = [], []
        if self.num_clips:
            if self.times.duration_s > self.clip_s + 1e-9:
                raise ConfigError(
                    f'a window of {self.times.duration_s:.2f} s does not fit into procedural clips of {self.clip_s} s; '
                    'set clip_s'
                )
            lengths += [self.clip_s] * self.num_clips
        too_short = [clip for clip in recorded if clip.duration_s < self.times.duration_s - 1e-9]
        if too_short and self.short == 'error':
            clip = min(too_short, key=lambda clip: clip.duration_s)
            raise DataError(
                f'{clip.name} lasts {clip.duration_s:.2f} s, a window {self.times.duration_s:.2f} s; '
                f'{len(too_short)} of {len(recorded)} recorded clips are shorter than a window; '
                "set short='pad' or short='drop', or take shorter windows"
            )
        dropped = {id(clip) for clip in too_short} if self.short == 'drop' else set()
        self.recorded = [clip for clip in recorded if id(clip) not in dropped for _ in range(self.views)]
        lengths += [clip.duration_s for clip in self.recorded]
        entries = [
            dict(clip=clip, window=window)
            for clip, length in enumerate(lengths)
            for window in range(1 + max(0, math.floor((length - self.times.duration_s) / self.stride_s + 1e-9)))
        ]
        if not entries:
            raise DataError(f"no clip lasts a window's {self.times.duration_s:.2f} s; short='drop' leaves none")
        return entries

    def _clip(self, number: int, epoch: int) -> MotionClip:
        if number >= self.num_clips:
            return self.recorded[number - self.num_clips]
        return procedural_clip(number, self._seeds(epoch), self.clip_s, self.motions, self.routines, self.varied)

    def _seeds(self, epoch: int) -> list[int]:
        # split=None (all files) has the procedural people of 'test'
        return [self.seed, int(self.split == 'train'), epoch]

    def camera_of(self, number: int, clip: MotionClip, epoch: int = 0) -> VirtualCamera:
        """Return the camera that films a clip; it is the same for all windows and rates."""
        rng = np.random.default_rng([*self._seeds(epoch), number, 1])
        joints = clip.joints_m(np.arange(0, clip.duration_s + 0.1, 0.1))
        return self.film(joints, rng, **self.camera)

    def _times(self, number: int, window: int, epoch: int, clip_s: float) -> FrameTimes:
        """Return the frame times of a window, of a random length if lengths are mixed."""
        fitting = [times for times in self.mixed_times if times.duration_s <= clip_s + 1e-9]
        if not fitting:
            return self.times
        # Random numbers of their own, so that all others are the same without mixed lengths
        rng = np.random.default_rng([*self._seeds(epoch), number, 3, window])
        return fitting[rng.integers(len(fitting))]

    def get_data_info(self, idx: int) -> dict:
        """Return one window as arrays.

        Returns:
            ``keypoints`` (T, 14, 2) on screen, ``confidence`` (T, 14), ``keypoints_3d`` (T, 14, 3) in m,
            ``keypoint_weights`` (T, 14), ``labels``, further labels of each frame by name, see :meth:`labels_of`, and
            the meta information of a sample, see the class.
        """
        info = super().get_data_info(idx)
        epoch = self.epoch if self.fresh else 0
        number, window = info['clip'], info['window']
        clip = self._clip(number, epoch)
        camera = self.camera_of(number, clip, epoch)
        rng = np.random.default_rng([*self._seeds(epoch), number, 2, window])
        start_s = window * self.stride_s
        times = self._times(number, window, epoch, clip.duration_s)
        if self.fresh:  # any start time, not only multiples of the stride
            start_s = rng.uniform(0, max(0.0, clip.duration_s - times.duration_s))
        times_s = times.times_s(rng)
        joints = camera.to_camera(clip.joints_m(start_s + times_s))
        noise = correlated_in_time(rng.standard_normal((*joints.shape[:2], 2)), times_s, self.noise_correlation_s)
        pixels = camera.project(joints) + self.noise_px * noise
        within = (start_s + times_s <= clip.duration_s + 1e-9)[:, None]
        missing = missing_joints(times_s, joints.shape[1], self.joint_dropout, self.dropout_s, rng)
        keypoints, keypoints_3d = normalise_to_screen(pixels, camera.image_size), root_relative(joints)
        confidence = (within & ~missing).astype(np.float32)
        weights = np.broadcast_to(within, joints.shape[:2]).astype(np.float32)
        # Drawn last, so that flip_prob does not change the other random numbers
        flip, swap = bool(rng.random() < self.flip_prob), self.metainfo['flip_indices']
        if flip:
            keypoints, keypoints_3d, confidence, weights = mirrored(keypoints, keypoints_3d, confidence, weights, swap)
        return dict(
            keypoints=keypoints,
            confidence=confidence,
            keypoints_3d=keypoints_3d,
            keypoint_weights=weights,
            labels=self.labels_of(clip, camera, start_s + times_s),
            delta_scale=times.delta_scale(times_s) if self.rescale else 1.0,
            timestamps_s=times_s,
            frame_rate_hz=self.times.rate_hz,
            action=clip.action,
            person=clip.person,
            clip_id=clip.name if number < self.num_clips else f'{clip.name}, view {number}',
            window=window,
            id=idx,
            image_size=camera.image_size,
            flip=flip,
            flip_indices=swap,
        )

    def labels_of(
        self, clip: MotionClip, camera: VirtualCamera, times_s: Float[np.ndarray, 'T']
    ) -> dict[str, np.ndarray]:
        """Return further labels of each frame, which become fields of ``gt_instance_labels``; for subclasses."""
        return {}

    def prepare_data(self, idx: int) -> Any:
        """Return one sample. An invalid one raises an error; mmengine would silently use another sample instead."""
        info = self.get_data_info(idx)
        arrays = [info.pop(key) for key in ('keypoints', 'keypoints_3d', 'confidence', 'keypoint_weights')]
        check_lifting_arrays(*arrays, num_joints=self.metainfo['num_keypoints'], where=info['clip_id'])
        labels = info.pop('labels')
        packed = pack_lifting_sample(*arrays, metainfo=info)
        for name, values in labels.items():
            packed['data_samples'].gt_instance_labels[name] = torch.from_numpy(values)
        return self.pipeline(packed)


def root_relative(joints_m: Float[np.ndarray, '*n 14 3']) -> Float[np.ndarray, '*n 14 3']:
    """Return the joints of HuPR's skeleton relative to the pelvis, the midpoint of the hips."""
    return joints_m - joints_m[..., _HIPS, :].mean(axis=-2, keepdims=True)
