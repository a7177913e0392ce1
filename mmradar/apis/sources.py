"""Input of inference: folders, files, arrays or recordings of the model's views."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmradar.datasets.datasets.hupr_annotation import SequenceAnnotation, load_sequence_annotation
from mmradar.errors import ConfigError, DataError
from mmradar.radar import MemoryRecording, RadarConfig, Recording, open_recording

FILE_NAMES = ('adc_data.bin', 'adc_data.profiles.npy')
ANNOTATION_NAME = 'annotation.json'

OneView = Recording | str | Path | np.ndarray


@dataclass(frozen=True)
class RecordedSequence:
    """Sequence of frames that all views recorded at the same time.

    Args:
        name: Name of its output files.
        recordings: The recordings by view, in the model's order.
        truth: The true poses; ``None`` if they are unknown.
    """

    name: str
    recordings: dict[str, Recording]
    truth: SequenceAnnotation | None = None


Source = str | Path | Mapping[str, OneView] | Sequence[OneView] | RecordedSequence


def open_source(
    source: Source,
    views: Sequence[str],
    radar: RadarConfig,
    num_keypoints: int = 14,
    image_size: tuple[int, int] = (256, 256),
) -> RecordedSequence:
    """Open the recordings of all views of a sequence.

    Args:
        source: Either a folder with a recording of each view, ``FOLDER/hori/adc_data.bin`` or
            ``.../adc_data.profiles.npy``, and optionally the true poses in ``annotation.json``; or a file, recording or
            complex array for each view, by the view's name or in the model's order; or what this function returned.
        views: Names of the model's views.
        radar: The model's radar.
        num_keypoints: Number of joints, to read the true poses.
        image_size: (width, height) of the image that keypoints refer to, px, to read the true poses.

    Raises:
        ConfigError: The views are not the model's, or two of them have the same recording.
        FileNotFoundError: There is no recording at a path.
        DataError: A recording is not of this radar, or there are fewer true poses than frames.
    """
    if isinstance(source, RecordedSequence):
        return source
    if isinstance(source, (str, Path)):
        return _open_folder(Path(source), views, radar, num_keypoints, image_size)
    if not isinstance(source, Mapping):
        if len(source) != len(views):
            raise ConfigError(f'the model takes {len(views)} views ({", ".join(views)}), found {len(source)}')
        source = dict(zip(views, source))
    if set(source) != set(views):
        raise ConfigError(
            f'the model takes the views {", ".join(views)}, found {", ".join(map(str, source)) or "none"}'
        )
    _check_different(source)
    recordings = {view: _open(view, source[view], radar) for view in views}
    return RecordedSequence(_name(recordings[views[0]].path, views), recordings)


def _check_different(source: Mapping[str, OneView]) -> None:
    """Raise if two views are the same file, recording or array."""
    seen: dict[Any, str] = {}
    for view, given in source.items():
        key = os.path.realpath(given) if isinstance(given, (str, Path)) else id(given)
        if key in seen:
            raise ConfigError(
                f'the views {seen[key]} and {view} have the same recording'
                + (f', {given}' if isinstance(given, (str, Path)) else '')
                + '; each radar has its own'
            )
        seen[key] = view


def _name(path: Path, views: Sequence[str]) -> str:
    """Return a name for a sequence: that of a view's file, or of its folder if all files of a kind have that name."""
    folders = path.resolve().parent.parts[1:] if path.name in FILE_NAMES else ()
    return next((folder for folder in reversed(folders) if folder not in views), path.stem)


def _open(view: str, given: OneView, radar: RadarConfig) -> Recording:
    if isinstance(given, Recording):
        return given
    if isinstance(given, (str, Path)):
        return open_recording(given, radar)
    return MemoryRecording(given, radar, view)


def _open_folder(
    folder: Path, views: Sequence[str], radar: RadarConfig, num_keypoints: int, image_size: tuple[int, int]
) -> RecordedSequence:
    if folder.is_file():
        raise ConfigError(
            f'{folder} is one file, and the model takes a recording of each of its views ({", ".join(views)}): give '
            'the folder of a sequence, or one file for each view'
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
