"""Baseline without a network: the mean pose of the training set in each person's box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmradar.apis.evaluation import metrics_of
from mmradar.errors import ConfigError
from mmradar.registry import DATASETS


def mean_pose_metrics(config: Config, samples: int = 320) -> dict[str, float]:
    """Compute the test metrics of one pose, placed at the centre of each box and scaled by its longer side.

    A network that sees the person must be better.

    Args:
        config: Configuration of a network on clips, of which the data sets and metrics are used.
        samples: Number of training samples whose mean it is.

    Raises:
        ConfigError: ``samples`` is below 1.
    """
    if samples < 1:
        raise ConfigError(f'a mean pose needs one or more samples, found {samples}')
    init_default_scope('mmradar')
    train, test = (DATASETS.build(config[f'{split}_dataloader'].dataset) for split in ('train', 'test'))
    poses, weights = [], []
    for index in range(min(samples, len(train))):
        info = train.get_data_info(index)
        centre, size = _place(info)
        poses.append((info['keypoints'][0] - centre) / size)
        weights.append(info['keypoints_visible'][0] > 0)
    weight = np.stack(weights)[..., None]
    total = np.where(weight, poses, 0.0).sum(0) / np.maximum(weight.sum(0), 1)
    return metrics_of(_predictions(test, total), config.test_evaluator, test.metainfo, len(test))


def _place(info: dict[str, Any]) -> tuple[Float[np.ndarray, '2'], float]:
    low, high = info['bbox'][0, :2], info['bbox'][0, 2:]
    return (low + high) / 2, float((high - low).max())


def _predictions(dataset: Any, pose: Float[np.ndarray, 'joints 2']) -> Iterator[tuple[None, list[dict]]]:
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        centre, size = _place(info)
        truth = dict(
            keypoints=info['keypoints'],
            keypoints_visible=info['keypoints_visible'],
            head_size=info['head_size'],
            bboxes=info['bbox'],
            bbox_scores=info['bbox_score'],
        )
        predicted = dict(keypoints=(pose * size + centre)[None], keypoint_scores=np.ones((1, len(pose))))
        yield None, [dict(img_id=info['img_id'], gt_instances=truth, pred_instances=predicted)]
