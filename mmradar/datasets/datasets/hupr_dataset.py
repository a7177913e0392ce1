"""HuPR and data sets in its layout."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import force_full_init
from mmengine.logging import print_log

from mmradar.datasets.datasets.hupr_annotation import SequenceAnnotation, load_hupr_annotation
from mmradar.datasets.datasets.recorded_radar_pose_dataset import RecordedRadarPoseDataset
from mmradar.errors import ConfigError, DataError
from mmradar.metainfo import FRAMES_OF_ID
from mmradar.radar import RadarConfig, Recording, open_recording
from mmradar.registry import DATASETS


@DATASETS.register_module()
class HuPRDataset(RecordedRadarPoseDataset):
    """Windows of raw radar frames of several views, with the poses of all their frames.

    Reads HuPR's files as they are downloaded, ``single_<N>/{hori,vert}/adc_data.bin`` and ``hrnet_annot_*.json``; or
    range profiles (:mod:`mmradar.radar.range_profile_files`), ``adc_data.profiles.npy``, instead of raw files.
    Every annotated frame is the key frame of one window; windows are clamped at a sequence's ends, so that all frames
    of val and test are predicted. The sizes of all raw files are checked against radar and annotation at the start.

    Samples are those of :class:`BaseRadarPoseDataset`, with labels in px, and also contain ``img_id`` (HuPR's
    sequence * 100000 + frame), ``sequence``, ``frame`` and ``frames_left_out``, the number of annotated frames of the
    sequence that have no sample.

    Args:
        data_root: Folder of the data set.
        ann_file: Annotation file of the split, below ``data_root``.
        sequences: Sequence numbers in the order of ``ann_file``. If ``None``, they are the entry ``split`` of
            ``splits.json`` in ``data_root``, which the simulator writes.
        split: ``'train'``, ``'val'`` or ``'test'``; used with ``splits.json`` only.
        sequence_step: Use every n-th of the sequences, beginning with the first, for example for a learning curve.
        radar: The radar's :class:`~mmradar.radar.RadarConfig`, a preset or its fields.
        adc_path: Recording of a sequence and view, below ``data_root``: a raw file or any other file that
            :func:`mmradar.radar.open_recording` opens. If several names are given, the first file that exists is used.
        recording: Further arguments of :func:`mmradar.radar.open_recording`. With ``on_error='drop'``, the whole frames
            of a truncated recording are used; the frames left out are counted in the log, and as misses by
            :class:`~mmradar.evaluation.HuPRMetric`. If a subset is chosen (mmengine's ``indices``), no others count as
            misses. A packet dump that lacks frames before others is an error.
        image_size: (width, height) in px of the image that the joints refer to.
        outside_tolerance_px: How far outside the image a joint may lie. HRNet may place a joint slightly outside.
        shuffle_radar: Seed of a random assignment of radar windows to poses, for a control experiment: a network that
            does no worse with it has learned nothing from radar. No shuffling if ``None``.
        views: Radars, by the names of their folders.
        window, cached_frames, cache_dir, cache_dtype, pipeline, **kwargs: See :class:`RecordedRadarPoseDataset`. The
            centre of an even window is that of HuPR's own network: 8 frames are t - 4 to t + 3.

    Raises:
        DataError: The data set is missing, incomplete or contradicts its configuration.
    """

    # both are required here; mmengine's base class also takes None
    data_root: str
    ann_file: str

    def __init__(
        self,
        data_root: str,
        ann_file: str,
        sequences: Sequence[int] | None = None,
        split: str | None = None,
        sequence_step: int = 1,
        radar: str | Mapping[str, Any] | RadarConfig = 'iwr1843_hupr',
        adc_path: str | Sequence[str] = (
            'single_{sequence}/{view}/adc_data.bin',
            'single_{sequence}/{view}/adc_data.profiles.npy',
        ),
        recording: Mapping[str, Any] | None = None,
        image_size: tuple[int, int] = (256, 256),
        outside_tolerance_px: float = 16.0,
        shuffle_radar: int | None = None,
        **kwargs,
    ) -> None:
        if isinstance(sequences, (int, str)):
            raise ConfigError(f'{type(self).__name__}.sequences must be a list of numbers, as [4], found {sequences!r}')
        if sequence_step < 1:
            raise ConfigError(f'{type(self).__name__}.sequence_step must be at least 1, found {sequence_step}')
        self.sequence_step = sequence_step
        self.sequences, self.split = None if sequences is None else list(sequences), split
        self.radar = RadarConfig.build(radar)
        self.adc_path = (adc_path,) if isinstance(adc_path, str) else tuple(adc_path)
        self.recording = dict(recording or {})
        self.image_size, self.outside_tolerance_px = (image_size[0], image_size[1]), outside_tolerance_px
        self.shuffle_radar = shuffle_radar
        super().__init__(ann_file=ann_file, data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Return one small entry for each frame; the labels stay in arrays, one per sequence, until they are used."""
        self._check_presence()
        sequences = self._sequence_numbers()
        annotations = load_hupr_annotation(
            self.ann_file, sequences, self.metainfo['num_keypoints'], self.image_size, self.outside_tolerance_px
        )
        self.sequences, self.annotations = sequences[:: self.sequence_step], annotations[:: self.sequence_step]
        self._recordings = [self._opened(*pair) for pair in zip(self.sequences, self.annotations)]
        self.num_recorded = [
            min(len(annotation), *map(len, views.values()))
            for annotation, views in zip(self.annotations, self._recordings)
        ]
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

    def _opened(self, sequence: int, annotation: SequenceAnnotation) -> dict[str, Recording]:
        """Open a sequence's recordings by view; each has all annotated frames unless ``on_error='drop'``."""
        found = {}
        for view in self.views:
            path = self._adc_file(sequence, view)
            found[view] = open_recording(path, self.radar, num_frames=len(annotation), **self.recording)
            if missing := found[view].missing_frames:
                numbers = ', '.join(map(str, missing[:8])) + (', ...' if len(missing) > 8 else '')
                raise DataError(
                    f'sequence {sequence}: {path} lacks frames before others ({numbers}), so the later ones would get '
                    "the wrong labels. recording=dict(on_error='zero') keeps frames with lost packets in their places; "
                    'a sequence whose first frames were never received must be left out.'
                )
        if notes := [note for recording in found.values() for note in recording.notes]:
            missing = len(annotation) - min(map(len, found.values()))
            left_out = f'sequence {sequence}: {missing:,} of {len(annotation):,} frames are left out.'
            print_log(' '.join([left_out, *notes]), 'current', logging.WARNING)
        return found

    def _check_presence(self) -> None:
        missing = [path for path in (self.data_root, self.ann_file) if not Path(path).exists()]
        if missing and (found := sorted(path.name for path in Path(self.data_root).glob('*annot*.json'))):
            raise DataError(f'the annotations {missing[0]} are missing; {self.data_root} has {", ".join(found)}')
        if missing:
            raise DataError(
                f'no radar data set here: looked for {missing[0]}\n'
                '  HuPR is requested from its authors, through the form linked at\n'
                '    https://github.com/robert80203/HuPR-A-Benchmark-for-Human-Pose-Estimation-Using-Millimeter-Wave-Radar\n'
                f'  Unpack it to {self.data_root} (single_<N>/hori|vert/adc_data.bin, hrnet_annot_<split>.json),\n'
                '  or name its folder: --data-root FOLDER\n'
                '  To start now, make a simulated set in the same layout and train on it:\n'
                '    python tools/simulate.py data/simhupr --preset simhupr-v2-mini --form compact\n'
                '    python tools/train.py configs/millimamba_small_simhupr.py'
            )

    def _sequence_numbers(self) -> list[int]:
        named = re.fullmatch(r'hrnet_annot_(\w+)\.json', Path(self.ann_file).name)
        if named and self.split not in (None, named[1]):
            raise ConfigError(
                f'the annotations {self.ann_file} are those of another split than split={self.split!r}, so recordings '
                f'would get wrong labels. Set split={named[1]!r}, too, and `sequences` if the configuration names them'
            )
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
        candidates = [Path(self.data_root) / path.format(sequence=sequence, view=view) for path in self.adc_path]
        for path in candidates:
            if path.is_file():
                return path
        looked_for = ' and '.join(map(str, candidates))
        raise DataError(f'sequence {sequence} has no recording of the radar {view!r}: looked for {looked_for}')

    @force_full_init
    def sequence_lengths(self) -> list[int]:
        """Return the number of frames of each sequence, in the order of the samples.

        Raises:
            ConfigError: A subset of the samples was chosen, for example by mmengine's ``indices``.
        """
        if len(self) != sum(self.num_recorded):
            raise ConfigError(
                f'of {sum(self.num_recorded):,} frames of the data set {len(self):,} were chosen: its samples no '
                'longer form sequences'
            )
        return list(self.num_recorded)

    def recordings(self) -> Iterator[tuple[str, Recording]]:
        """Return an iterator over all recordings, as pairs of view and recording."""
        return (pair for views in self._recordings for pair in views.items())

    def sample(self, entry: dict) -> dict:
        """Return the window around one frame; see the class."""
        index, frame = entry['entry'], entry['frame']
        annotation, window = self.annotations[index], self._window(index, frame)
        radar_index, radar_frame = entry.pop('radar_entry', index), entry.pop('radar_frame', frame)
        return dict(
            **entry,
            id=entry['img_id'],
            recordings=self._recordings[radar_index],
            frame_indices=self._window(radar_index, radar_frame),
            keypoints=annotation.keypoints[window],
            keypoints_visible=annotation.keypoints_visible[window],
            areas=annotation.areas[window],
            bbox=annotation.boxes[frame],
            image_size=self.image_size,
            frames_left_out=self._left_out(index),
        )

    def _window(self, index: int, key_frame: int) -> np.ndarray:
        return self.window.frames(key_frame, self.num_recorded[index])

    def _left_out(self, index: int) -> int:
        """Count the annotated frames of a sequence that have no sample; 0 if a subset of the samples was chosen."""
        chosen = len(self) < sum(self.num_recorded)
        return 0 if chosen else len(self.annotations[index]) - self.num_recorded[index]
