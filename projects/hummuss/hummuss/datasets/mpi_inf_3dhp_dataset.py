"""Data set of MPI-INF-3DHP, in the format of mmpose's converter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from hummuss.datasets.lifting_arrays import check_lifting_arrays, mirrored, normalise_to_screen, pack_lifting_sample
from mmradar.datasets.follows_epochs import FollowsEpochs
from mmradar.errors import ConfigError, DataError
from mmradar.registry import DATASETS
from mmradar.simulation.motion_files.arrays import load_npz

# Index of the pelvis in mmpose's order of the 17 joints.
ROOT = 14
# In Hz; all others have 25. From the authors' list of sequences.
FRAME_RATES_HZ: dict[str, float] = dict.fromkeys(('S1_Seq2', 'S3_Seq1', 'S3_Seq2', 'S5_Seq1', 'S5_Seq2'), 50.0)
_NAME = re.compile(r'^(?:(S\d+_Seq\d+)_(Cam\d+)|(TS\d+))_(\d+)\.jpg$')


@DATASETS.register_module()
class MPIINF3DHPDataset(FollowsEpochs, BaseDataset):
    """Windows of MPI-INF-3DHP (Mehta et al., 3DV 2017): 2D joints of each video, and 3D joints in camera axes.

    Reads what mmpose's ``tools/dataset_converters/preprocess_mpi_inf_3dhp.py`` writes (``mpi_inf_3dhp_train.npz``,
    ``mpi_inf_3dhp_test_valid.npz``): ``imgname`` such as ``S1_Seq1_Cam0_000001.jpg`` or ``TS1_000001.jpg``, ``part``
    (n, 17, 3) in px with visibility, ``S`` (n, 17, 4) in m with visibility. Pickled variants of other projects are not
    read. The test files have gaps between frames; no window crosses a gap.

    A sample has the fields of :class:`~hummuss.datasets.MotionLiftingDataset`, with 17 joints in mmpose's order
    relative to the pelvis, joint 14: evaluate with ``MotionLiftingMetric(root=[14])``. All joints have 3D labels; the
    confidence is 0 for joints outside the image. ``action`` is the test subject, TS1 to TS6, or the training sequence.
    ``delta_scale`` is 1 for videos of ``frame_rate_hz``: five of the training sequences have 50 Hz, the others 25. The
    test videos count as having 25 Hz, as their rate is not published with them.

    Not run on the data set itself, which must be requested from its authors; tested on files in its format.

    Args:
        ann_file: The ``.npz`` file, below ``data_root``.
        num_frames: Number of frames T of a window.
        stride: Frames from one window's start to the next; T if ``None``.
        short: Handling of the remainder of a gapless stretch that is shorter than a window: ``'pad'`` (missing joints
            with weight 0, so that no frame is left out of the evaluation), or ``'drop'``.
        flip_prob: Share of windows that are mirrored, with left and right joints exchanged; drawn again in every epoch.
        frame_rate_hz: Frame rate at which ``delta_scale`` is 1.
        seed: Seed of that draw.
        data_root, metainfo, pipeline, **kwargs: See mmengine's ``BaseDataset``.

    Raises:
        ConfigError: An argument is out of its range.
        DataError: The file does not exist, or is not in that format.
    """

    ann_file: str
    METAINFO: dict = dict(from_file='configs/_base_/datasets/mpi_inf_3dhp.py')

    def __init__(
        self,
        ann_file: str,
        num_frames: int = 243,
        stride: int | None = None,
        short: str = 'pad',
        flip_prob: float = 0.0,
        frame_rate_hz: float = 25.0,
        seed: int = 0,
        **kwargs,
    ) -> None:
        if num_frames < 2 or (stride is not None and stride < 1):
            raise ConfigError(
                f'MPIINF3DHPDataset needs num_frames of 2 and stride of 1 or more, found {num_frames} and {stride}'
            )
        if short not in ('pad', 'drop'):
            raise ConfigError(f"MPIINF3DHPDataset.short must be 'pad' or 'drop', found {short!r}")
        if not 0 <= flip_prob <= 1:
            raise ConfigError(f'MPIINF3DHPDataset.flip_prob must be 0 to 1, found {flip_prob}')
        if not frame_rate_hz > 0:
            raise ConfigError(f'MPIINF3DHPDataset.frame_rate_hz must be positive, found {frame_rate_hz}')
        self.frame_rate_hz = frame_rate_hz
        self.num_frames, self.stride, self.short = num_frames, stride or num_frames, short
        self.flip_prob, self.seed = flip_prob, seed
        super().__init__(ann_file=ann_file, **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        return parse_pose_metainfo(metainfo or cls.METAINFO)

    def load_data_list(self) -> list[dict]:
        """Return one small entry for each window; the joints stay in arrays."""
        if not Path(self.ann_file).is_file():
            raise DataError(
                f'no MPI-INF-3DHP annotations at {self.ann_file}\n'
                '  Get the data set from its authors (https://vcai.mpi-inf.mpg.de/3dhp-dataset/), and convert it with\n'
                "  mmpose's tools/dataset_converters/preprocess_mpi_inf_3dhp.py.\n"
                '  To start now without files: projects/hummuss/configs/hummuss_small_motion.py'
            )
        content = load_npz(self.ann_file, ('imgname', 'part', 'S'))
        names, part, labels = content['imgname'], content['part'], content['S']
        joints = self.metainfo['num_keypoints']
        for key, array, shape in (('part', part, (joints, 3)), ('S', labels, (joints, 4))):
            if array.shape != (len(names), *shape) or array.dtype.kind not in 'iuf':
                raise DataError(
                    f"{self.ann_file}: expected '{key}' ({len(names)}, {shape[0]}, {shape[1]}), a row per name, "
                    f'found {array.dtype} {array.shape}'
                )
        if names.ndim != 1 or names.dtype.kind != 'U':
            raise DataError(f"{self.ann_file}: expected 'imgname' to be a list of names, found {names.dtype}")
        if len(labels) and np.median(np.ptp(labels[..., :3], axis=1).max(-1)) > 10:
            raise DataError(
                f"{self.ann_file}: 'S' must be in m, but people in it are more than 10 high; divide mm by 1,000"
            )
        self.part, self.labels = part.astype(np.float32), labels[..., :3].astype(np.float32)
        videos, numbers = self._parse(names)
        jumps = (videos[1:] != videos[:-1]) | (np.diff(numbers) != 1)
        entries = []
        for rows in np.split(np.arange(len(names)), np.flatnonzero(jumps) + 1):
            for start in range(0, len(rows), self.stride):
                count = min(self.num_frames, len(rows) - start)
                whole = count == self.num_frames
                if whole or (self.short == 'pad' and (start == 0 or count > self.num_frames - self.stride)):
                    first = int(rows[0]) + start
                    entries.append(dict(first=first, count=count, video=str(videos[first]), frame=int(numbers[first])))
        if not entries:
            raise DataError(f'{self.ann_file}: no stretch of frames is as long as a window of {self.num_frames}')
        return entries

    def _parse(self, names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        videos, numbers = [], []
        for row, name in enumerate(names.tolist()):
            match = _NAME.match(name)
            if match is None:
                raise DataError(
                    f'{self.ann_file}: name {row} is {name[:80]!r}; expected a name such as S1_Seq1_Cam0_000001.jpg'
                )
            videos.append(f'{match[1]}_{match[2]}' if match[1] else match[3])
            numbers.append(int(match[4]))
        return np.array(videos, dtype=str), np.array(numbers, dtype=np.int64)

    def get_data_info(self, idx: int) -> dict:
        """Return one window as arrays; see :meth:`MotionLiftingDataset.get_data_info`."""
        info = super().get_data_info(idx)
        rows = slice(info['first'], info['first'] + info['count'])
        video = info['video']
        # The last two test sequences were filmed outdoors with another camera.
        image_size = (1920, 1080) if video in ('TS5', 'TS6') else (2048, 2048)
        padding = self.num_frames - info['count']

        def padded(array: np.ndarray) -> np.ndarray:
            return np.concatenate([array, np.zeros((padding, *array.shape[1:]), array.dtype)])

        part, labels = self.part[rows], self.labels[rows]
        # mmpose's converter takes all images for 2048 x 2048
        inside = ((part[..., :2] >= 0) & (part[..., :2] < image_size)).all(-1)
        action = video.split('_Cam')[0]
        arrays = (
            padded(normalise_to_screen(part[..., :2], image_size)),
            padded(labels - labels[:, ROOT, None]),
            padded((inside & (part[..., 2] > 0)).astype(np.float32)),
            padded(np.ones(labels.shape[:2], np.float32)),
        )
        flip, swap = False, self.metainfo['flip_indices']
        if self.flip_prob:
            flip = bool(np.random.default_rng([self.seed, self.epoch, idx]).random() < self.flip_prob)
        keypoints, keypoints_3d, confidence, weights = mirrored(*arrays, swap) if flip else arrays
        return dict(
            keypoints=keypoints,
            confidence=confidence,
            keypoints_3d=keypoints_3d,
            keypoint_weights=weights,
            delta_scale=self.frame_rate_hz / FRAME_RATES_HZ.get(action, 25.0),
            action=action,
            clip_id=video,
            window=info['frame'],
            id=idx,
            image_size=image_size,
            flip=flip,
            flip_indices=swap,
        )

    def prepare_data(self, idx: int) -> Any:
        """Return one sample. An invalid one raises an error; mmengine would silently use another sample instead."""
        info = self.get_data_info(idx)
        arrays = [info.pop(key) for key in ('keypoints', 'keypoints_3d', 'confidence', 'keypoint_weights')]
        where = f'{self.ann_file}, {info["clip_id"]} from frame {info["window"]}'
        check_lifting_arrays(*arrays, num_joints=self.metainfo['num_keypoints'], where=where)
        return self.pipeline(pack_lifting_sample(*arrays, metainfo=info))
