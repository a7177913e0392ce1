"""What users point at when they want poses: folders, files, arrays, recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmradar.datasets.datasets.hupr_annotation import SequenceAnnotation, load_sequence_annotation
from mmradar.errors import ConfigError, DataError
from mmradar.radar import MemoryRecording, RadarConfig, Recording, open_recording

FILE_NAMES = ('adc_data.bin', 'adc_data.profiles.npy')
ANNOTATION_NAME = 'annotation.json'

OneView = Recording | str | Path | np.ndarray
Source = str | Path | Mapping[str, OneView] | Sequence[OneView]


@dataclass(frozen=True)
class RecordedSequence:
    """A stretch of frames that all views recorded together.

    Args:
        name: For files that are made of it.
        recordings: By view, in the model's order.
        truth: Its true poses, where they are known.
    """

    name: str
    recordings: dict[str, Recording]
    truth: SequenceAnnotation | None = None


def open_source(
    source: Source,
    views: Sequence[str],
    radar: RadarConfig,
    num_keypoints: int = 14,
    image_size: tuple[int, int] = (256, 256),
) -> RecordedSequence:
    """Open what a user points at.

    Args:
        source: A folder with one of each view, ``FOLDER/hori/adc_data.bin`` or ``.../adc_data.profiles.npy``, whose
            ``annotation.json`` has the true poses if it is there; or a file, recording or complex array of each view,
            by its name or in the model's order.
        views: The model's.
        radar: The model's.
        num_keypoints, image_size: The model's, for true poses.

    Raises:
        ConfigError: Other views than the model's.
        FileNotFoundError: Nothing is there.
        DataError: What is there is not of this radar.
    """
    if isinstance(source, (str, Path)):
        return _folder(Path(source), views, radar, num_keypoints, image_size)
    if not isinstance(source, Mapping):
        if len(source) != len(views):
            raise ConfigError(f'the model takes {len(views)} views ({", ".join(views)}), found {len(source)}')
        source = dict(zip(views, source))
    if set(source) != set(views):
        raise ConfigError(
            f'the model takes the views {", ".join(views)}, found {", ".join(map(str, source)) or "none"}'
        )
    recordings = {view: _opened(view, source[view], radar) for view in views}
    first = recordings[views[0]].path
    return RecordedSequence(first.parent.name if first.parent.name not in ('', *views) else first.stem, recordings)


def _opened(view: str, given: OneView, radar: RadarConfig) -> Recording:
    if isinstance(given, Recording):
        return given
    if isinstance(given, (str, Path)):
        return open_recording(given, radar)
    return MemoryRecording(given, radar, view)


def _folder(
    folder: Path, views: Sequence[str], radar: RadarConfig, num_keypoints: int, image_size: tuple[int, int]
) -> RecordedSequence:
    if folder.is_file():
        raise ConfigError(
            f'{folder} is one file, and the model takes a recording of each of its views ({", ".join(views)}): give '
            'the folder of a sequence, or one file for each'
        )
    recordings = {}
    for view in views:
        candidates = [folder / view / name for name in FILE_NAMES]
        found = next((path for path in candidates if path.is_file()), None)
        if found is None:
            raise FileNotFoundError(
                f'no recording of the view {view!r} of a sequence in {folder}: looked for '
                f'{" and ".join(map(str, candidates))}'
            )
        recordings[view] = open_recording(found, radar)
    truth, path = None, folder / ANNOTATION_NAME
    if path.is_file():
        truth = load_sequence_annotation(path, num_keypoints, image_size)
        if len(truth) < min(map(len, recordings.values())):
            raise DataError(f'{path}: poses of {len(truth)} frames, and the recordings have more')
    return RecordedSequence(folder.resolve().name, recordings, truth)
