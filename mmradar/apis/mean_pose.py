"""Baseline that predicts the mean training pose for every sample, without any input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmradar.apis.data_folders import datasets_of
from mmradar.apis.evaluation import metrics_of
from mmradar.datasets import HuPRDataset
from mmradar.errors import ConfigError
from mmradar.evaluation import BodyFrame, mean_positions
from mmradar.registry import DATASETS


def mean_pose_metrics(config: Config, placed: bool = False) -> dict[str, float]:
    """Compute the test metrics of the mean training pose; only labels are read, no radar data.

    Args:
        config: Configuration of a network, of which the data sets and metrics are used.
        placed: Predict the mean pose at each person's true place and in their true size. This is an oracle that knows
            everything but the pose; a network that sees limbs must beat it. By default the prediction is the mean in
            px, which a network that ignores its input can reach.

    Raises:
        ConfigError: A data set of the train or test split is no :class:`~mmradar.datasets.HuPRDataset`, or ``placed``
            is given for joints without hips or a neck.
    """
    init_default_scope('mmradar')
    train, test = (_build_datasets(config, split) for split in ('train', 'test'))
    annotations = [annotation for dataset in train for annotation in dataset.annotations]
    visible = np.concatenate([annotation.keypoints_visible for annotation in annotations])
    poses = np.concatenate([annotation.keypoints for annotation in annotations]).astype(np.float64)
    guess: Callable[[np.ndarray], np.ndarray]
    if placed:
        frame = BodyFrame.of(test[0].metainfo['keypoint_id2name'])
        if frame is None:
            raise ConfigError('placing a mean pose needs joints called hips and neck, and this data set has none')
        relative = frame.mean_pose(np.nan_to_num(poses), visible)
        guess = partial(frame.placed, relative)
    else:
        mean_pose = mean_positions(poses, visible)[None]

        def same_for_all(truth: np.ndarray) -> np.ndarray:
            return mean_pose

        guess = same_for_all
    return metrics_of(_guesses(test, guess), config.test_evaluator, test[0].metainfo, sum(map(len, test)))


def _build_datasets(config: Config, split: str) -> list[HuPRDataset]:
    """Build the data sets of a split, without their wrappers.

    Raises:
        ConfigError: One is no :class:`~mmradar.datasets.HuPRDataset`.
    """
    datasets = [DATASETS.build(settings) for settings in datasets_of(config[f'{split}_dataloader'])]
    for dataset in datasets:
        if not isinstance(dataset, HuPRDataset):
            raise ConfigError(
                f'the mean pose needs a HuPRDataset, and the {split} split has a {type(dataset).__name__}'
            )
    return datasets


def _guesses(
    datasets: Sequence[HuPRDataset], guess: Callable[[np.ndarray], np.ndarray]
) -> Iterator[tuple[None, list[dict]]]:
    """Yield the guess for every sample as its prediction, in the form that :func:`metrics_of` takes.

    Args:
        datasets: The test set.
        guess: Function from a sample's true keypoints (1, J, 2), NaN where not labelled, to the predicted ones
            (1, J, 2), px.
    """
    for dataset in datasets:
        for index in range(len(dataset)):
            info = dataset.get_data_info(index)
            key = info['key_index']
            truth = dict(
                keypoints=info['keypoints'][None, key],
                keypoints_visible=info['keypoints_visible'][None, key],
                areas=info['areas'][None, key],
            )
            labelled = np.where(
                truth['keypoints_visible'][..., None] > 0, truth['keypoints'].astype(np.float64), np.nan
            )
            meta = dict(img_id=info['img_id'], frames_left_out=info['frames_left_out'])
            yield None, [dict(meta, gt_instances=truth, pred_instances=dict(keypoints=guess(labelled)))]
