"""Reader of detected boxes of persons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from mmradar.errors import DataError

PERSON = 1  # the category of persons in COCO and PoseTrack


@dataclass(frozen=True, eq=False)
class Detection:
    """Detected person in one image.

    Args:
        index: Number of the detection in the file.
        image: File name of the image if the file has it, otherwise the image's identifier.
        bbox_px: [x1, y1, x2, y2], (4,).
        score: Confidence of the detection.
    """

    index: int
    image: int | str
    bbox_px: Float[np.ndarray, '4']
    score: float


def is_empty(bbox_px: Float[np.ndarray, '4']) -> bool:
    """Return whether a box (x1, y1, x2, y2) has no area; one with NaN has none."""
    return not bool((bbox_px[2:] > bbox_px[:2]).all())


def read_detections(path: str | Path, drop_empty: bool = False) -> list[Detection]:
    """Read the persons in a file of detections.

    Two formats are read. COCO's results: a list of ``bbox`` (x, y, width, height), ``score``, and ``image_id`` or
    ``image_name`` (the annotations' ``file_name``), as mmpose distributes detections of PoseTrack18. PoseTrack's: a
    dictionary with such a list as ``annotations``, and ``images`` of ``id`` and ``file_name``. A ``category_id`` other
    than 1 is no person.

    Args:
        path: The file.
        drop_empty: Leave out detections with an empty box, which are an error otherwise.

    Raises:
        DataError: If the file is missing, of another format, or a detection has an empty box, or a number that is not
            finite.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f'no detections at {path}; leave bbox_file out to test with the annotated boxes')
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f'{path} is no JSON file ({error}); is it complete?') from error
    file_names = {}
    if isinstance(content, dict) and 'annotations' in content:
        try:
            file_names = {image['id']: image['file_name'] for image in content.get('images') or ()}
        except (AttributeError, KeyError, TypeError) as error:
            raise DataError(f'{path}: expected "images" to be a list of id and file_name ({error!r})') from error
        content = content['annotations']
    if not isinstance(content, list) or not all(isinstance(raw, dict) for raw in content):
        raise DataError(
            f'{path}: expected a list of detections (dictionaries), or a dictionary with them as "annotations"; '
            f'found {type(content).__name__}'
        )
    found = [
        _detection(index, raw, file_names, f'{path}, detection {index}')
        for index, raw in enumerate(content)
        if raw.get('category_id', PERSON) == PERSON
    ]
    kept = [detection for detection in found if not is_empty(detection.bbox_px)]
    if not drop_empty and len(kept) < len(found):
        empty = next(detection for detection in found if is_empty(detection.bbox_px))
        raise DataError(
            f'{path}, detection {empty.index}: the box {empty.bbox_px.tolist()} (x1, y1, x2, y2) is empty; '
            "bad_boxes='drop' leaves such out"
        )
    return kept


def _detection(index: int, raw: Mapping[str, Any], file_names: Mapping[int | str, str], where: str) -> Detection:
    try:
        x, y, width, height = (float(number) for number in raw['bbox'][:4])
        score = float(raw['score'])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f'{where}: expected bbox (x, y, width, height) and score, found {dict(raw)} ({type(error).__name__})'
        ) from error
    image_id = raw.get('image_id')
    if not isinstance(image_id, (int, str, type(None))):
        raise DataError(f'{where}: expected image_id to be a number or a name, found {image_id!r}')
    image = raw.get('image_name', None if image_id is None else file_names.get(image_id, image_id))
    if image is None:
        raise DataError(f'{where}: neither image_id nor image_name says to which image it belongs')
    if not np.isfinite([x, y, width, height, score]).all():
        raise DataError(f'{where}: the box {raw["bbox"]} or its score {score} is not finite')
    return Detection(index, image, np.array([x, y, x + width, y + height], np.float32), score)
