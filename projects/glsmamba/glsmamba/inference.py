"""Poses of people in the frames of a video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from mmengine.dataset import Compose, pseudo_collate
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from mmpose.structures import PoseDataSample

from glsmamba.datasets.clip import ClipFrames
from mmradar.apis.models import config_of
from mmradar.errors import ConfigError, DataError


def inference_video(
    model: BaseModel,
    frames: Sequence[np.ndarray | str | Path],
    bboxes: Sequence[Float[np.ndarray, 'people 4'] | None],
) -> Iterator[list[PoseDataSample]]:
    """Yield the poses of the people in each frame of a video, like ``mmpose.apis.inference_topdown`` for an image.

    Each pose is estimated from the frames before and after it, as in the model's test set. All people of a frame are
    one batch.

    Args:
        model: ``VideoTopdownPoseEstimator`` from :func:`mmradar.apis.init_model`.
        frames: Consecutive frames, all of one size: arrays (H, W, 3) uint8, RGB, or names of image files. The frame
            rate should be that of the training.
        bboxes: Boxes of the people in each frame, (people, 4), as x1, y1, x2, y2 in px, such as those of a detector;
            ``None`` or an empty list for frames without people.

    Yields:
        For each frame, a sample for each box, whose ``pred_instances`` have ``keypoints`` (1, K, 2) in px of the frame
        and ``keypoint_scores`` (1, K).

    Raises:
        DataError: The numbers of frames and of lists of boxes differ, a frame cannot be read or differs in size, or a
            box is empty or completely outside the image.
        ConfigError: The model has no configuration, or not one of clips.
    """
    if isinstance(frames, (str, Path)):
        raise DataError(f'inference_video takes a list of frames, found {str(frames)!r}; read the video first')
    if len(frames) != len(bboxes):
        raise DataError(f'a video of {len(frames)} frames needs as many lists of boxes, found {len(bboxes)}')
    config = config_of(model)
    init_default_scope(config.get('default_scope', 'mmradar'))
    dataset = config.test_dataloader.dataset
    if not {'pipeline', 'num_frames'} <= set(dataset):
        raise ConfigError(
            'inference_video needs a model whose test set has clips (pipeline, num_frames); found '
            f'{dataset.get("type")}'
        )
    # There are no true poses of which a target could be made
    pipeline = Compose([step for step in dataset.pipeline if step['type'] != 'GenerateTarget'])
    meta = cast(dict, getattr(model, 'dataset_meta', None) or {})  # torch's modules have no type for it
    window = ClipFrames(dataset.num_frames, dataset.get('delta'))
    for key, people in enumerate(bboxes):
        clip = [frames[index] for index in window.indices(key, len(frames))]
        numbered = () if people is None else enumerate(people)
        described = [_person(clip, box, f'{number} of frame {key}') for number, box in numbered]
        samples = [pipeline({**meta, **person}) for person in described]
        with torch.no_grad():  # not around the yield, as the caller's code runs there
            found = model.test_step(pseudo_collate(samples)) if samples else []
        yield found


def _person(clip: list, box: np.ndarray, name: str) -> dict:
    """Return what the pipeline needs of a person in a clip."""
    box = np.asarray(box, dtype=np.float32)
    if box.shape != (4,):
        raise DataError(f'box {name}: a box is x1, y1, x2, y2; found an array {box.shape}')
    files = isinstance(clip[0], (str, Path))
    images = dict(clip_paths=[str(path) for path in clip]) if files else dict(img=list(clip))
    return dict(**images, bbox=box[None], bbox_score=np.ones(1, np.float32), id=name)
