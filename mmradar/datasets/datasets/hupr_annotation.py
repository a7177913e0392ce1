"""Reader of HuPR's annotation files, with checks."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from mmradar.errors import DataError


@dataclass(frozen=True)
class SequenceAnnotation:
    """Labels of one sequence.

    Args:
        keypoints: Joint positions in px, (frames, joints, 2); arbitrary, possibly NaN, where a joint is not labelled.
        keypoints_visible: 1 where a joint is labelled, 0 where it does not count, (frames, joints).
        boxes: Boxes [x1, y1, x2, y2] in px, (frames, 4).
    """

    keypoints: Float32[np.ndarray, 'frames joints 2']
    keypoints_visible: Float32[np.ndarray, 'frames joints']
    boxes: Float32[np.ndarray, 'frames 4']

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def areas(self) -> Float32[np.ndarray, 'frames']:
        """HuPR's object area, half of the box area, in px^2."""
        size = self.boxes[:, 2:] - self.boxes[:, :2]
        return size.prod(axis=1) / 2


def load_hupr_annotation(
    path: str | Path, sequences: list[int], num_keypoints: int, image_size: tuple[int, int], outside_tolerance_px: float
) -> list[SequenceAnnotation]:
    """Read the labels of a split, one annotation per sequence.

    The ``image`` of an entry, ``000000123.jpg`` in HuPR's files, names its frame, counted from 0. Entries may be in any
    order, and every frame of a sequence must have one. If the entries of a sequence name no images, they are taken in
    the order of the file.

    A joint is [x, y], as in HuPR's files, or [x, y, v] with COCO's visibility v. A joint with v = 0 is not labelled and
    does not count in any loss or metric, whatever its position (which may be NaN or null). Joints with v = 1 (hidden)
    and v = 2 (visible) count.

    Args:
        path: The file, ``hrnet_annot_{split}.json``.
        sequences: Sequence numbers, in the order of the file.
        num_keypoints: Number of joints that each frame must have.
        image_size: (width, height) in px.
        outside_tolerance_px: How far outside the image a joint may lie.

    Raises:
        DataError: The content is invalid; the message names file, sequence and frame.
    """
    content = _json(path)
    if not isinstance(content, list) or len(content) != len(sequences):
        found = f'{len(content)} entries' if isinstance(content, list) else type(content).__name__
        raise DataError(
            f'{path}: expected one entry for each of the {len(sequences)} sequences of the split, found {found}. The '
            "sequences are the configuration's (train_sequences and its likes); with None there, those of splits.json, "
            'as *_simhupr.py configurations have it'
        )
    low = np.full(2, -outside_tolerance_px)
    high = np.asarray(image_size) + outside_tolerance_px
    return [
        _sequence(f'{path}, sequence {number}', frames, num_keypoints, low, high)
        for number, frames in zip(sequences, content)
    ]


def load_sequence_annotation(
    path: str | Path, num_keypoints: int, image_size: tuple[int, int], outside_tolerance_px: float = 16.0
) -> SequenceAnnotation:
    """Read the labels of one sequence from its own file, as the simulator writes next to recordings.

    The content is one entry of a split's file.

    Args:
        path, num_keypoints, image_size, outside_tolerance_px: See :func:`load_hupr_annotation`.

    Raises:
        DataError: The content is invalid.
    """
    low, high = np.full(2, -outside_tolerance_px), np.asarray(image_size) + outside_tolerance_px
    return _sequence(str(path), _json(path), num_keypoints, low, high)


def _json(path: str | Path) -> Any:
    try:
        return json.loads(Path(path).read_text())
    except json.JSONDecodeError as error:
        raise DataError(f'{path} is not valid JSON: {error}. Was its download cut short?') from error


def _sequence(where: str, entries: Any, num_keypoints: int, low: np.ndarray, high: np.ndarray) -> SequenceAnnotation:
    if not isinstance(entries, list):
        raise DataError(f'{where}: expected a list of frames, found {type(entries).__name__}')
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise DataError(f'{where}, entry {index}: expected a dictionary, found {type(entry).__name__}')
    frames = _in_order(where, entries)
    for index, frame in enumerate(frames):
        if missing := {'joints', 'bbox'} - set(frame):
            raise DataError(f'{where}, frame {index}: no {sorted(missing)[0]!r}, found {sorted(frame)}')
        for key, shapes in (('joints', ((num_keypoints, 2), (num_keypoints, 3))), ('bbox', ((4,),))):
            try:
                value = np.asarray(frame[key], dtype=np.float64)
            except (TypeError, ValueError) as error:
                raise DataError(
                    f'{where}, frame {index}: {key!r} holds something that is no number ({error})'
                ) from error
            if value.shape not in shapes:
                expected = ' or '.join(map(str, shapes))
                raise DataError(f'{where}, frame {index}: expected {key!r} of shape {expected}, found {value.shape}')
    keypoints, visible = _keypoints(where, frames, num_keypoints)
    boxes = np.asarray([frame['bbox'] for frame in frames], dtype=np.float32).reshape(-1, 4)
    counted = visible > 0
    _refuse(counted & ~np.isfinite(keypoints).all(-1), where, keypoints, 'a finite position')
    _refuse(
        counted & ((keypoints < low) | (keypoints > high)).any(-1),
        where,
        keypoints,
        f'a position within {low.tolist()} to {high.tolist()} px',
    )
    wrong = ~np.isfinite(boxes).all(1) | (boxes[:, 2] <= boxes[:, 0]) | (boxes[:, 3] <= boxes[:, 1])
    if wrong.any():
        frame = int(wrong.argmax())
        raise DataError(
            f'{where}, frame {frame}: expected a box [x1, y1, x2, y2] with x1 < x2 and y1 < y2, '
            f'found {boxes[frame].tolist()}'
        )
    return SequenceAnnotation(keypoints, visible, boxes)


def _keypoints(
    where: str, frames: list[dict], num_keypoints: int
) -> tuple[Float32[np.ndarray, 'frames joints 2'], Float32[np.ndarray, 'frames joints']]:
    """Return joint positions, and 1 for those that count and 0 for others; joints without a visibility count."""
    keypoints = np.full((len(frames), num_keypoints, 3), 2, np.float32)
    for found, frame in zip(keypoints, frames):
        joints = np.asarray(frame['joints'], np.float32)
        found[:, : joints.shape[1]] = joints
    _refuse(~np.isin(keypoints[..., 2], (0, 1, 2)), where, keypoints, 'a visibility of 0, 1 or 2')
    return keypoints[..., :2], (keypoints[..., 2] > 0).astype(np.float32)


def _in_order(where: str, entries: Sequence[dict]) -> list[dict]:
    """Return entries sorted by the frame of their image; unchanged if none names an image.

    Raises:
        DataError: Not all entries have an image, or the frames are not 0, 1, 2 and so on.
    """
    named = ['image' in entry for entry in entries]
    if not any(named):
        return list(entries)
    if not all(named):
        raise DataError(
            f"{where}, entry {named.index(False)}: no 'image', which {sum(named)} of {len(named)} entries have; "
            'without it the frame of the entry is unknown'
        )
    by_frame: dict[int, dict] = {}
    for index, entry in enumerate(entries):
        frame = _frame_number(f'{where}, entry {index}', entry['image'])
        if frame in by_frame:
            raise DataError(f'{where}, frame {frame}: two entries have this frame, {entry["image"]!r}')
        by_frame[frame] = entry
    missing = next((frame for frame in range(len(by_frame)) if frame not in by_frame), None)
    if missing is not None:
        raise DataError(
            f'{where}, frame {missing}: no entry has this frame; expected the frames 0 to {len(by_frame) - 1}, one for '
            f'each of {len(by_frame)} entries, found {min(by_frame)} to {max(by_frame)}'
        )
    return [by_frame[frame] for frame in range(len(by_frame))]


def _frame_number(where: str, image: object) -> int:
    match = re.fullmatch(r'(?:.*/)?([0-9]+)\.[A-Za-z0-9]+', image) if isinstance(image, str) else None
    if match is None:
        raise DataError(
            f"{where}: expected an 'image' that is named by its frame, as '000000123.jpg', found {image!r}; remove "
            "'image' from all entries to take them in the order of the file"
        )
    return int(match[1])


def _refuse(wrong: np.ndarray, where: str, keypoints: np.ndarray, expected: str) -> None:
    """Raise if any joint is wrong, (frames, joints); the message names the first one."""
    if wrong.any():
        frame, joint = np.argwhere(wrong)[0]
        raise DataError(
            f'{where}, frame {frame}, joint {joint}: expected {expected}, found {keypoints[frame, joint].tolist()}'
        )
