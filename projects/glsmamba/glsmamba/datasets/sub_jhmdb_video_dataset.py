"""Sub-JHMDB with several frames per sample."""

from __future__ import annotations

from pathlib import Path

from mmpose.datasets.datasets import JhmdbDataset

from glsmamba.datasets.clip import ClipFrames
from glsmamba.datasets.clip_dataset import ClipDataset
from mmradar.errors import DataError
from mmradar.registry import DATASETS

WHERE_FROM = (
    '  Videos are from jhmdb.is.tue.mpg.de (JHMDB_video.zip, Rename_Images), annotations as mmpose has them\n'
    '  (annotations/Sub1_train.json to Sub3_test.json, linked from its documentation of JHMDB).\n'
    '  Without them, SyntheticVideoPoseDataset runs the same models: it renders its own clips.'
)


@DATASETS.register_module()
class SubJHMDBVideoDataset(ClipDataset, JhmdbDataset):
    """mmpose's ``JhmdbDataset``, 15 joints, with support frames. Every frame is annotated, with one person.

    The images of a folder are a video, in the order of their numbers. An entry of ``JhmdbDataset`` additionally has
    ``clip_paths`` (T), ``video`` and ``frame_indices`` (T,). Published figures are PCK@0.2 (mmpose's
    ``JhmdbPCKAccuracy(thr=0.2, norm_item='bbox')``), averaged over the three splits.

    Args:
        ann_file: Annotation file, such as ``Sub1_train.json``.
        num_frames, delta, fresh_support: Selection of the frames; see :class:`~glsmamba.datasets.clip.ClipFrames`.
        check_images: Check that the first sample's image exists.
        seed, **kwargs: See :class:`~glsmamba.datasets.clip_dataset.ClipDataset`.

    Raises:
        ConfigError: If an argument is out of its range.
        DataError: If there are no annotations or no images.
    """

    ann_file: str

    def __init__(
        self,
        ann_file: str = '',
        num_frames: int = 5,
        delta: int | None = None,
        fresh_support: bool = False,
        check_images: bool = True,
        **kwargs,
    ) -> None:
        self.clip_frames, self.check_images = ClipFrames(num_frames, delta, fresh_support), check_images
        super().__init__(ann_file=ann_file, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Return mmpose's entries, and collect the frames of every video."""
        if not Path(self.ann_file).is_file():
            raise DataError(f'no annotations of Sub-JHMDB at {self.ann_file}\n{WHERE_FROM}')
        entries = super().load_data_list()
        if not entries:
            raise DataError(f'no annotated person in {self.ann_file}')
        if self.check_images and not Path(entries[0]['img_path']).is_file():
            raise DataError(f'no images of Sub-JHMDB: {entries[0]["img_path"]} is missing\n{WHERE_FROM}')
        self._videos: dict[str, list[str]] = {}
        for path in {entry['img_path']: None for entry in entries}:
            self._videos.setdefault(str(Path(path).parent), []).append(path)
        for paths in self._videos.values():
            paths.sort(key=lambda path: int(Path(path).stem))
        return entries

    def get_data_info(self, idx: int) -> dict:
        """Return one entry, with the frames of its clip in this epoch."""
        info = super().get_data_info(idx)
        folder = str(Path(info['img_path']).parent)
        paths = self._videos[folder]
        rng = self.rng(idx) if self.clip_frames.fresh else None
        indices = self.clip_frames.indices(paths.index(info['img_path']), len(paths), rng)
        return dict(info, video=folder, frame_indices=indices, clip_paths=[paths[index] for index in indices])
