"""Data set of the skeletons of NTU RGB+D and NTU RGB+D 120, for action recognition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmpose.structures import PoseDataSample

from hummuss.datasets.lifting_arrays import normalise_to_screen
from hummuss.datasets.ntu_rgbd_skeleton import IMAGE_SIZE, NUM_JOINTS, NoBodyError, read_ntu_skeleton
from hummuss.datasets.random_move import random_move
from mmradar.datasets.follows_epochs import FollowsEpochs
from mmradar.errors import ConfigError, DataError
from mmradar.registry import DATASETS

_NAME = re.compile(r'^S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})$')
# Training subjects and training cameras; Shahroudy et al., NTU RGB+D (CVPR 2016), section 4.
XSUB_TRAIN = (1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38)
XVIEW_TRAIN = (2, 3)
# Actions of the one-shot test: A1, A7, ..., A115; Liu et al., NTU RGB+D 120 (TPAMI 2019). The exemplar of each is one
# recording, in the setup 1 (actions 1 to 60) or 18 (61 to 120); from the data set's page.
ONE_SHOT_TEST = range(1, 121, 6)
EXEMPLARS = frozenset(f'S{1 if action <= 60 else 18:03d}C003P008R001A{action:03d}' for action in ONE_SHOT_TEST)


@DATASETS.register_module()
class NTURGBDSkeletonDataset(FollowsEpochs, BaseDataset):
    """2D skeletons of NTU RGB+D's 60 or 120 actions, from its ``.skeleton`` files.

    A sample contains ``inputs`` (persons, T, 25, 3), the Kinect's joints in its order: x, y on screen as in
    :class:`~hummuss.datasets.MotionLiftingDataset`, and the confidence (1 tracked, 0.5 inferred, 0 absent). Its
    ``data_samples`` have ``gt_label``, the action counted from 0, and the meta information ``delta_scale``,
    ``clip_id``, ``id``, ``person`` (the subject) and ``exemplar`` (whether it is the given recording of its action in
    the one-shot test). T is the length of the recording if that is at most ``num_frames``; of longer recordings every
    k-th frame is taken, and ``delta_scale`` is k. Persons are sorted by the number of frames in which they are seen,
    most first; missing persons are zeros.

    Published results use 2D joints that HRNet found in the images; these are the Kinect's joints, projected. Not run
    on the data set itself, which must be requested from its authors; tested on files in its format.

    Args:
        data_root: Folder with ``SsssCcccPpppRrrrAaaa.skeleton`` files.
        split: ``'train'`` or ``'test'``.
        protocol: ``'xsub'`` (test on other subjects) or ``'xview'`` (test on another camera) of NTU RGB+D, or
            ``'one_shot'`` of NTU RGB+D 120 (test on 20 actions that the other 100 do not contain).
        num_frames: Largest number of frames of a clip.
        max_persons: Number of persons in every sample.
        ignore: Names of recordings to leave out; or a text file of them, such as the authors'
            ``NTU_RGBD_samples_with_missing_skeletons.txt`` (or ``NTU_RGBD120_...``), whose other lines do not count.
        random_move: Move the skeletons at random in every epoch, for training, see
            :func:`~hummuss.datasets.random_move.random_move`. Depends on ``seed``, epoch and sample, not on workers.
        seed: Seed of these random numbers.
        metainfo, pipeline, **kwargs: See mmengine's ``BaseDataset``.

    Raises:
        ConfigError: An argument is out of its range.
        DataError: The folder does not exist or contains no such files, or not all exemplars of the one-shot test; when
            a sample is read, its file is damaged.
    """

    data_root: str
    METAINFO: dict = dict(dataset_name='ntu_rgbd', num_keypoints=NUM_JOINTS)

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        protocol: str = 'xsub',
        num_frames: int = 243,
        max_persons: int = 2,
        ignore: Sequence[str] | str = (),
        random_move: bool = False,
        seed: int = 0,
        **kwargs,
    ) -> None:
        if split not in ('train', 'test') or protocol not in ('xsub', 'xview', 'one_shot'):
            raise ConfigError(
                "NTURGBDSkeletonDataset needs split 'train' or 'test' and protocol 'xsub', 'xview' or 'one_shot', "
                f'found {split!r} and {protocol!r}'
            )
        if num_frames < 1 or max_persons < 1:
            raise ConfigError(
                'NTURGBDSkeletonDataset needs num_frames and max_persons of at least 1, '
                f'found {num_frames} and {max_persons}'
            )
        self.split, self.protocol = split, protocol
        self.ignore = frozenset(_names_in(ignore) if isinstance(ignore, str) else ignore)
        self.num_frames, self.max_persons = num_frames, max_persons
        self.random_move, self.seed = random_move, seed
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Return the paths and labels of the split's recordings; files are read when a sample is requested."""
        paths = sorted(Path(self.data_root).glob('*.skeleton')) if Path(self.data_root).is_dir() else []
        if not paths:
            raise DataError(
                f'no .skeleton files in {self.data_root}\n'
                '  NTU RGB+D is requested from its authors: https://rose1.ntu.edu.sg/dataset/actionRecognition/\n'
                '  Unpack nturgbd_skeletons_s001_to_s017.zip there, one_shot: nturgbd_skeletons_s018_to_s032.zip too.'
            )
        entries = []
        for path in paths:
            match = _NAME.match(path.stem)
            if match is None:
                raise DataError(f'{path}: expected a name such as S001C001P001R001A001.skeleton')
            _, camera, subject, _, action = map(int, match.groups())
            if not 1 <= action <= 120:
                raise DataError(f'{path}: action {action}; expected 1 to 120')
            if self.protocol != 'one_shot' and action > 60:
                continue  # of NTU RGB+D 120, in the same folder
            training = {
                'xsub': subject in XSUB_TRAIN,
                'xview': camera in XVIEW_TRAIN,
                'one_shot': action not in ONE_SHOT_TEST,
            }[self.protocol]
            if path.stem not in self.ignore and training == (self.split == 'train'):
                entries.append(dict(path=str(path), label=action - 1, person=f'P{subject:03d}'))
        if not entries:
            raise DataError(f'{self.data_root}: none of {len(paths)} recordings is in {self.protocol} {self.split}')
        one_shot_test = self.protocol == 'one_shot' and self.split == 'test'
        missing = sorted(EXEMPLARS - {Path(entry['path']).stem for entry in entries}) if one_shot_test else []
        if missing:
            raise DataError(
                f'{self.data_root}: {len(missing)} of the 20 exemplars of the one-shot test are missing, first '
                f'{missing[0]}.skeleton; unpack both archives of skeletons there'
            )
        return entries

    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the label of a sample, in a list; for samplers."""
        return [self.get_data_info(idx)['label']]

    def prepare_data(self, idx: int) -> Any:
        """Return one sample. An invalid one raises an error; mmengine would silently use another sample instead."""
        info = self.get_data_info(idx)
        try:
            skeleton = read_ntu_skeleton(info['path'])
        except NoBodyError as error:
            raise DataError(
                f"{error}. Leave such recordings out: ignore='NTU_RGBD_samples_with_missing_skeletons.txt' (or "
                'NTU_RGBD120_...), the list at https://github.com/shahroudy/NTURGB-D'
            ) from None
        frames = skeleton.tracking.shape[1]
        step = -(-frames // self.num_frames)
        seen = np.isfinite(skeleton.color_px).all(-1) & (skeleton.tracking > 0)
        order = np.argsort(-seen.any(-1).sum(-1), kind='stable')[: self.max_persons]
        confidence = np.where(seen, skeleton.tracking / 2, 0.0)[order, ::step]
        keypoints = normalise_to_screen(skeleton.color_px[order, ::step], IMAGE_SIZE)
        if self.random_move:
            keypoints = random_move(keypoints, np.random.default_rng([self.seed, self.epoch, idx]))
        inputs = np.zeros((self.max_persons, confidence.shape[1], NUM_JOINTS, 3), np.float32)
        inputs[: len(order), ..., :2] = np.where(confidence[..., None] > 0, keypoints, 0.0)
        inputs[: len(order), ..., 2] = confidence
        name = Path(info['path']).stem
        metainfo = dict(clip_id=name, id=idx, person=info['person'], exemplar=name in EXEMPLARS)
        sample = PoseDataSample(metainfo=dict(delta_scale=float(step), **metainfo))
        sample.set_field(info['label'], 'gt_label')
        return self.pipeline(dict(inputs=torch.from_numpy(inputs), data_samples=sample))


def _names_in(path: str) -> list[str]:
    if not Path(path).is_file():
        raise ConfigError(f'NTURGBDSkeletonDataset.ignore: no file {path}')
    return [line for line in Path(path).read_text().split() if _NAME.match(line)]
