"""Reads and checks HuPR's annotation files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from mmradar.errors import DataError


@dataclass(frozen=True)
class SequenceAnnotation:
    """Labels of one sequence.

    Args:
        keypoints: Joint positions in px, (frames, joints, 2).
        boxes: Boxes [x1, y1, x2, y2] in px, (frames, 4).
    """

    keypoints: Float32[np.ndarray, 'frames joints 2']
    boxes: Float32[np.ndarray, 'frames 4']

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def areas(self) -> Float32[np.ndarray, 'frames']:
        """HuPR's object area, half of the box, in px^2."""
        size = self.boxes[:, 2:] - self.boxes[:, :2]
        return size.prod(axis=1) / 2


def load_hupr_annotation(
    path: str | Path, sequences: list[int], num_keypoints: int, image_size: tuple[int, int], outside_tolerance_px: float
) -> list[SequenceAnnotation]:
    """Labels of a split, one entry a sequence.

    Args:
        path: ``hrnet_annot_{split}.json``.
        sequences: Numbers of the sequences, in the split's order.
        num_keypoints: Joints a frame must have.
        image_size: (width, height) in px.
        outside_tolerance_px: How far outside the image a joint may lie.

    Raises:
        DataError: Anything that does not fit, naming file, sequence and frame.
    """
    try:
        content = json.loads(Path(path).read_text())
    except json.JSONDecodeError as error:
        raise DataError(f'{path} is not valid JSON: {error}. Was its download cut short?') from error
    if not isinstance(content, list) or len(content) != len(sequences):
        found = f'{len(content)} entries' if isinstance(content, list) else type(content).__name__
        raise DataError(
            f'{path}: expected one entry for each of the {len(sequences)} sequences of the split, found {found}'
        )
    low = np.full(2, -outside_tolerance_px)
    high = np.asarray(image_size) + outside_tolerance_px
    return [
        _sequence(f'{path}, sequence {number}', frames, num_keypoints, low, high)
        for number, frames in zip(sequences, content)
    ]


def _sequence(
    where: str, frames: list[dict], num_keypoints: int, low: np.ndarray, high: np.ndarray
) -> SequenceAnnotation:
    for index, frame in enumerate(frames):
        if missing := {'joints', 'bbox'} - set(frame):
            raise DataError(f'{where}, frame {index}: no {sorted(missing)[0]!r}, found {sorted(frame)}')
        for key, shape in (('joints', (num_keypoints, 2)), ('bbox', (4,))):
            try:
                value = np.asarray(frame[key], dtype=np.float64)
            except (TypeError, ValueError) as error:
                raise DataError(
                    f'{where}, frame {index}: {key!r} holds something that is no number ({error})'
                ) from error
            if value.shape != shape:
                raise DataError(f'{where}, frame {index}: expected {key!r} of shape {shape}, found {value.shape}')
    keypoints = np.asarray([frame['joints'] for frame in frames], dtype=np.float32).reshape(-1, num_keypoints, 2)
    boxes = np.asarray([frame['bbox'] for frame in frames], dtype=np.float32).reshape(-1, 4)
    _refuse(~np.isfinite(keypoints).all(-1), where, keypoints, 'a finite position')
    _refuse(
        ((keypoints < low) | (keypoints > high)).any(-1),
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
    return SequenceAnnotation(keypoints, boxes)


def _refuse(wrong: np.ndarray, where: str, keypoints: np.ndarray, expected: str) -> None:
    if wrong.any():
        frame, joint = np.argwhere(wrong)[0]
        raise DataError(
            f'{where}, frame {frame}, joint {joint}: expected {expected}, found {keypoints[frame, joint].tolist()}'
        )
