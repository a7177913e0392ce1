"""PoseTrack 2017, 2018 and 2021 with several frames per sample."""

from __future__ import annotations

import os.path
from copy import deepcopy
from functools import cache
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from glsmamba.datasets.clip import ClipFrames
from glsmamba.datasets.clip_dataset import ClipDataset
from glsmamba.datasets.detections import is_empty, read_detections
from glsmamba.datasets.posetrack_files import (
    POSETRACK_KEYPOINTS,
    WHERE_FROM,
    PoseTrackPerson,
    PoseTrackVideo,
    read_posetrack,
)
from mmradar.errors import ConfigError, DataError
from mmradar.registry import DATASETS

BAD_BOXES = ('error', 'drop')


@cache
def posetrack_metainfo() -> dict:
    """Return mmpose's meta information of PoseTrack18, parsed once."""
    return parse_pose_metainfo(dict(from_file='configs/_base_/datasets/posetrack18.py'))


@DATASETS.register_module()
class PoseTrackVideoDataset(ClipDataset):
    """Data set with one sample per annotated person and frame, or per detection, with support frames.

    Keypoints are the 17 of PoseTrack18 in mmpose, in all years; ears are never annotated and have no weight. A joint
    counts as visible if it is annotated, occluded or not, as in poseval. Persons without annotated joints (boxes of
    2021) are left out; ``PoseTrackAP`` reads the annotations itself. Boxes are not clipped at the image's edge (our
    choice); the crop is black outside the image.

    An entry has ``clip_paths`` (T), ``img_path``, ``img_id``, ``video``, ``frame_indices`` (T,), ``bbox`` (1, 4),
    ``bbox_score`` (1,), ``keypoints`` (1, 17, 2) in px, ``keypoints_visible`` (1, 17), ``head_size`` (1,) in px (0.6
    times the diagonal of the head's box) and ``id``.

    Args:
        year: 2017, 2018 or 2021.
        ann_file: Annotation file, or a folder of such files; see :mod:`glsmamba.datasets.posetrack_files`.
        num_frames, delta, fresh_support: Selection of the frames; see :class:`~glsmamba.datasets.clip.ClipFrames`.
        bbox_file: Detections to test on, see :func:`~glsmamba.datasets.detections.read_detections`. Those with a score
            below ``filter_cfg=dict(bbox_score_thr=...)`` are left out.
        bad_boxes: Handling of annotations and detections with an empty box: ``'error'`` raises, ``'drop'`` leaves them
            out. In 2017, a box is that of the joints, so it is empty for people with one annotated joint.
        check_images: Check that the first sample's image exists.
        seed, **kwargs: See :class:`~glsmamba.datasets.clip_dataset.ClipDataset`; ``data_prefix`` is ``dict(img=...)``.

    Raises:
        ConfigError: If an argument is out of its range.
        DataError: If annotations are missing, damaged or of another year, an annotation has an empty box, or there are
            no images.
    """

    ann_file: str

    def __init__(
        self,
        year: int,
        ann_file: str = '',
        num_frames: int = 5,
        delta: int | None = None,
        fresh_support: bool = False,
        bbox_file: str | None = None,
        bad_boxes: str = 'error',
        check_images: bool = True,
        **kwargs,
    ) -> None:
        if bad_boxes not in BAD_BOXES:
            raise ConfigError(f'bad_boxes must be one of {", ".join(BAD_BOXES)}, found {bad_boxes!r}')
        if bbox_file and not kwargs.get('test_mode'):
            raise ConfigError('bbox_file has detections, which have no joints to train on; it needs test_mode=True')
        self.year, self.bad_boxes, self.check_images = year, bad_boxes, check_images
        self.clip_frames = ClipFrames(num_frames, delta, fresh_support)
        super().__init__(ann_file=ann_file, bbox_file=bbox_file, **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        name = 'posetrack'
        return parse_pose_metainfo(metainfo) if metainfo else dict(deepcopy(posetrack_metainfo()), dataset_name=name)

    def load_data_list(self) -> list[dict]:
        """Return one entry per person."""
        videos = read_posetrack(self.ann_file, self.year)
        self._file_names = [video.file_names() for video in videos]
        self._video_names = [video.name for video in videos]
        entries = self._detections(videos, self.bbox_file) if self.bbox_file else self._annotations(videos)
        if not entries:
            what = f'{self.bbox_file}: no person detected in' if self.bbox_file else 'no annotated person in'
            raise DataError(f'{what} {self.ann_file}')
        if (
            self.check_images
            and not Path(path := self._path(entries[0]['video_number'], entries[0]['frame'])).is_file()
        ):
            raise DataError(f'no images of PoseTrack{self.year}: {path} is missing\n{WHERE_FROM}')
        return entries

    def _path(self, video: int, frame: int) -> str:
        return os.path.join(self.data_prefix.get('img', ''), self._file_names[video][frame])

    def _annotations(self, videos: list[PoseTrackVideo]) -> list[dict]:
        entries, empty = [], 0
        for number, video in enumerate(videos):
            at = {name: index for index, name in enumerate(self._file_names[number])}
            for frame in video.frames:
                for person in frame.people:
                    if not person.annotated.any():
                        continue
                    if is_empty(person.bbox_px):
                        if self.bad_boxes == 'drop':
                            empty += 1
                            continue
                        raise DataError(
                            f'{self.ann_file}, annotation {person.id}, {frame.file_name}: the box '
                            f"{person.bbox_px.tolist()} (x1, y1, x2, y2) is empty; bad_boxes='drop' leaves such out"
                        )
                    entry = _entry(person, number, at[frame.file_name])
                    entries.append(dict(entry, img_id=frame.id))
        if empty:
            print_log(f'{self.ann_file}: {empty} people with an empty box are left out', 'current')
        return entries

    def _detections(self, videos: list[PoseTrackVideo], bbox_file: str) -> list[dict]:
        places = {}
        for number, video in enumerate(videos):
            at = {name: index for index, name in enumerate(self._file_names[number])}
            for frame in video.frames:
                place = (number, at[frame.file_name], frame.id)
                places[frame.id] = places[frame.file_name] = place
        entries = []
        for detection in read_detections(bbox_file, drop_empty=self.bad_boxes == 'drop'):
            if detection.image not in places:
                raise DataError(
                    f'{bbox_file}, detection {detection.index}: {self.ann_file} has no image {detection.image!r}'
                )
            number, frame, img_id = places[detection.image]
            person = PoseTrackPerson(
                detection.index,
                np.zeros((len(POSETRACK_KEYPOINTS), 2), np.float32),
                np.zeros(len(POSETRACK_KEYPOINTS), bool),  # a detection has no true joints
                detection.bbox_px,
                float('nan'),
            )
            entries.append(dict(_entry(person, number, frame, detection.score), img_id=img_id))
        return entries

    def filter_data(self) -> list[dict]:
        """Return the entries with a box score of at least ``filter_cfg['bbox_score_thr']``."""
        entries = super().filter_data()
        if not entries:
            raise DataError(f'{self.bbox_file or self.ann_file}: no person remains with filter_cfg={self.filter_cfg}')
        return entries

    def get_data_info(self, idx: int) -> dict:
        """Return one entry, with the frames of its clip in this epoch."""
        info = super().get_data_info(idx)
        video = info.pop('video_number')
        rng = self.rng(idx) if self.clip_frames.fresh else None
        indices = self.clip_frames.indices(info.pop('frame'), len(self._file_names[video]), rng)
        paths = [self._path(video, index) for index in indices]
        return dict(
            info,
            video=self._video_names[video],
            frame_indices=indices,
            clip_paths=paths,
            img_path=paths[len(paths) // 2],
        )


def _entry(person: PoseTrackPerson, video: int, frame: int, score: float = 1.0) -> dict:
    width, height = person.bbox_px[2:] - person.bbox_px[:2]
    return dict(
        id=person.id,
        video_number=video,
        frame=frame,
        bbox=person.bbox_px[None],
        bbox_score=np.array([score], np.float32),
        keypoints=person.keypoints_px[None],
        keypoints_visible=person.annotated[None].astype(np.float32),
        num_keypoints=int(person.annotated.sum()),
        head_size=np.array([person.head_size_px], np.float32),
        area=np.array(width * height, np.float32),
        category_id=1,
    )
