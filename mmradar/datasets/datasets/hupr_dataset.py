"""HuPR, and every data set in its layout."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmradar.datasets.datasets.hupr_annotation import SequenceAnnotation, load_hupr_annotation
from mmradar.errors import ConfigError, DataError
from mmradar.metainfo import FRAMES_OF_ID, HUPR_METAINFO
from mmradar.radar import RadarConfig, open_recording
from mmradar.registry import DATASETS


@DATASETS.register_module()
class HuPRDataset(BaseDataset):
    """Windows of raw radar frames of several views, with the poses of all their frames.

    Reads HuPR's files as they are downloaded: ``single_<N>/{hori,vert}/adc_data.bin`` and ``hrnet_annot_*.json``.
    Every annotated frame is the key frame of one window; windows are clamped at a sequence's ends, so that all frames
    of val and test are predicted. Sizes of all raw files are checked against radar and annotation at the start.

    A sample, before the pipeline: ``adc_paths`` (by view), ``frame_indices`` (T,), ``radar``, ``recording``,
    ``cache_dir``, ``img_id`` (sequence * 100000 + frame, HuPR's), ``keypoints`` (T, J, 2) and ``areas`` (T,) in px and
    px^2, ``keypoints_visible`` (T, J), ``bbox`` (4,) of the central frame, ``sequence``, ``frame``, ``image_size``,
    ``frames_left_out``, how many annotated frames of the sequence have no sample.

    Args:
        data_root: Folder of the data set.
        ann_file: Annotation file of the split, below ``data_root``.
        sequences: Sequence numbers in the order of ``ann_file``. Without it, ``splits.json`` in ``data_root`` (which
            the simulator writes) is asked for ``split``.
        split: ``'train'``, ``'val'`` or ``'test'``; used with ``splits.json`` only.
        radar: Preset or fields of the radar's :class:`~mmradar.radar.RadarConfig`.
        views: Radars, by the names of their folders, in the order the model takes them.
        num_frames: Frames T of a window. The key frame, the one that is predicted, is number T // 2: the centre of an
            odd window; of an even one, as HuPR's own network has it, 8 frames are t - 4 to t + 3.
        adc_path: Raw file of a sequence and view, below ``data_root``; or a file of cubes.
        recording: Further arguments of :func:`mmradar.radar.open_recording`. With ``on_error='drop'``, a recording that
            is cut short is used as far as it goes; the frames left out are counted in the log, and by
            :class:`~mmradar.evaluation.HuPRMetric` as misses. Of a chosen subset (mmengine's ``indices``), only the
            frames chosen count.
        image_size: (width, height) in px of the image that the joints refer to.
        outside_tolerance_px: How far outside the image a joint may lie. HRNet may place one a little beside it.
        cache_dir: Where ``LoadRadarHeatmap`` keeps finished heatmaps; nowhere if ``None``.
        shuffle_radar: Seed by which radar windows and poses are dealt to each other at random: a control experiment.
            A network that does no worse with it has learned nothing from radar.
        metainfo, pipeline, test_mode, **kwargs: As mmengine's ``BaseDataset``.

    Raises:
        DataError: The data set is missing, incomplete or contradicts its configuration.
    """

    METAINFO: dict = HUPR_METAINFO

    def __init__(
        self,
        data_root: str,
        ann_file: str,
        sequences: Sequence[int] | None = None,
        split: str | None = None,
        radar: str | Mapping[str, Any] | RadarConfig = 'iwr1843_hupr',
        views: Sequence[str] = ('hori', 'vert'),
        num_frames: int = 9,
        adc_path: str = 'single_{sequence}/{view}/adc_data.bin',
        recording: Mapping[str, Any] | None = None,
        image_size: tuple[int, int] = (256, 256),
        outside_tolerance_px: float = 16.0,
        cache_dir: str | None = None,
        shuffle_radar: int | None = None,
        **kwargs,
    ) -> None:
        if num_frames < 1:
            raise ConfigError(f'HuPRDataset.num_frames must be at least 1, found {num_frames}')
        self.sequences, self.split = None if sequences is None else list(sequences), split
        self.radar = RadarConfig.build(radar)
        self.views, self.num_frames, self.adc_path = tuple(views), num_frames, adc_path
        self.recording = dict(recording or {})
        self.image_size, self.outside_tolerance_px = tuple(image_size), outside_tolerance_px
        self.cache_dir, self.shuffle_radar = cache_dir, shuffle_radar
        super().__init__(ann_file=ann_file, data_root=data_root, **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict | None = None) -> dict:
        return parse_pose_metainfo(metainfo or cls.METAINFO)

    def load_data_list(self) -> list[dict]:
        """One light entry for every frame; labels stay in arrays, by sequence, until a window is asked for."""
        self._check_presence()
        self.sequences = self._sequence_numbers()
        self.annotations = load_hupr_annotation(
            self.ann_file, self.sequences, self.metainfo['num_keypoints'], self.image_size, self.outside_tolerance_px
        )
        self.num_recorded = [self._recorded_frames(*pair) for pair in zip(self.sequences, self.annotations)]
        entries = [
            dict(entry=entry, sequence=sequence, frame=frame, img_id=sequence * FRAMES_OF_ID + frame)
            for entry, (sequence, frames) in enumerate(zip(self.sequences, self.num_recorded))
            for frame in range(frames)
        ]
        if self.shuffle_radar is not None:
            order = np.random.default_rng(self.shuffle_radar).permutation(len(entries))
            for entry, other in zip(entries, order):
                entry.update(radar_entry=entries[other]['entry'], radar_frame=entries[other]['frame'])
        return entries

    def _recorded_frames(self, sequence: int, annotation: SequenceAnnotation) -> int:
        """Annotated frames that all views have; all of them, or else an error, unless told to drop."""
        frames, notes = len(annotation), []
        for view in self.views:
            path = self._adc_file(sequence, view)
            if not path.is_file():
                raise DataError(f'sequence {sequence} has no raw file of the radar {view!r}: looked for {path}')
            recording = open_recording(path, self.radar, num_frames=len(annotation), **self.recording)
            frames = min(frames, len(recording))
            notes += recording.notes
        if notes:
            left_out = f'sequence {sequence}: {len(annotation) - frames:,} of {len(annotation):,} frames are left out.'
            print_log(' '.join([left_out, *notes]), 'current', logging.WARNING)
        return frames

    def _check_presence(self) -> None:
        missing = [path for path in (self.data_root, self.ann_file) if not Path(path).exists()]
        if missing:
            raise DataError(
                f'no radar data set here: looked for {missing[0]}\n'
                '  HuPR is requested from its authors, through the form linked at\n'
                '    https://github.com/robert80203/HuPR-A-Benchmark-for-Human-Pose-Estimation-Using-Millimeter-Wave-Radar\n'
                f'  Unpack it to {self.data_root} (single_<N>/hori|vert/adc_data.bin, hrnet_annot_<split>.json),\n'
                '  or name its folder: --data-root FOLDER\n'
                '  To start now, make a simulated set in the same layout and train on it:\n'
                '    python tools/simulate.py data/simhupr\n'
                '    python tools/train.py configs/millimamba_tiny_simhupr.py'
            )

    def _sequence_numbers(self) -> list[int]:
        if self.sequences is not None:
            return self.sequences
        path = Path(self.data_root) / 'splits.json'
        if not path.is_file():
            raise DataError(
                f'the configuration names no `sequences` for {self.ann_file}, and there is no {path} to look '
                'them up in; list the sequence numbers in the order of the annotation file'
            )
        splits = json.loads(path.read_text())
        if self.split not in splits:
            raise DataError(f'{path} has no split {self.split!r}, found {", ".join(splits)}')
        return list(splits[self.split])

    def _adc_file(self, sequence: int, view: str) -> Path:
        return Path(self.data_root) / self.adc_path.format(sequence=sequence, view=view)

    def recordings(self) -> Iterator[dict]:
        """Every recording of every view by itself, as the transforms of raw files take it; ``num_frames`` of it."""
        for sequence, frames in zip(self.sequences, self.num_recorded):
            for view in self.views:
                yield dict(
                    adc_paths={view: str(self._adc_file(sequence, view))},
                    num_frames=frames,
                    radar=self.radar,
                    recording=self.recording,
                    cache_dir=self.cache_dir,
                )

    def get_data_info(self, idx: int) -> dict:
        """The window around one frame, see the class."""
        info = super().get_data_info(idx)
        annotation, window = self.annotations[info['entry']], self._window(info['entry'], info['frame'])
        radar_entry, radar_frame = info.pop('radar_entry', info['entry']), info.pop('radar_frame', info['frame'])
        return dict(
            **info,
            id=info['img_id'],
            adc_paths={view: str(self._adc_file(self.sequences[radar_entry], view)) for view in self.views},
            frame_indices=self._window(radar_entry, radar_frame),
            key_index=self.num_frames // 2,
            sigmas=self.metainfo['sigmas'],
            radar=self.radar,
            recording=self.recording,
            cache_dir=self.cache_dir,
            keypoints=annotation.keypoints[window],
            keypoints_visible=annotation.keypoints_visible[window],
            areas=annotation.areas[window],
            bbox=annotation.boxes[info['frame']],
            image_size=self.image_size,
            frames_left_out=self._left_out(info['entry']),
        )

    def _left_out(self, entry: int) -> int:
        """Annotated frames of a sequence that have no sample, though nobody chose to leave them out."""
        chosen = len(self) < sum(self.num_recorded)
        return 0 if chosen else len(self.annotations[entry]) - self.num_recorded[entry]

    def _window(self, entry: int, centre: int) -> np.ndarray:
        """Frames of the window around ``centre``, clamped at the sequence's ends."""
        offsets = np.arange(self.num_frames) - self.num_frames // 2
        return np.clip(centre + offsets, 0, self.num_recorded[entry] - 1)

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on one window. A bad sample is an error; mmengine would quietly train on another."""
        return self.pipeline(self.get_data_info(idx))
