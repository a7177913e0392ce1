"""The mean training pose as everybody's prediction: what can be reached without seeing any pose."""

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
from mmradar.evaluation import BodyFrame
from mmradar.registry import DATASETS


def mean_pose_metrics(config: Config, placed: bool = False) -> dict[str, float]:
    """The test metrics of the mean training pose. Of the recordings, only labels are read.

    Args:
        config: A configuration of a network; its data and metrics are used.
        placed: Put it at each person's true place and in their true size: an oracle that knows everything but the
            pose, which a network that sees limbs must beat. Otherwise it is the mean in px, what a network that ignores
            its input can reach.

    Raises:
        ConfigError: A data set of the train or test split is no :class:`~mmradar.datasets.HuPRDataset`.
    """
    init_default_scope('mmradar')
    train, test = (_build_datasets(config, split) for split in ('train', 'test'))
    annotations = [annotation for dataset in train for annotation in dataset.annotations]
    visible = np.concatenate([annotation.keypoints_visible for annotation in annotations])[..., None]
    poses = np.concatenate([annotation.keypoints for annotation in annotations])
    if placed:
        frame = BodyFrame.of(test[0].metainfo['keypoint_id2name'])
        if frame is None:
            raise ConfigError('the place of a pose is that of joints called hips and neck, which this data set has not')
        relative = frame.mean_pose(np.nan_to_num(poses), visible[..., 0])
        guess = partial(frame.placed, relative)
    else:
        mean_pose = poses.mean(axis=0, where=visible > 0)[None]

        def guess(truth: np.ndarray) -> np.ndarray:
            return mean_pose

    return metrics_of(_guesses(test, guess), config.test_evaluator, test[0].metainfo, sum(map(len, test)))


def _build_datasets(config: Config, split: str) -> list[HuPRDataset]:
    """A split's data sets, those within wrappers by themselves."""
    datasets = [DATASETS.build(settings) for settings in datasets_of(config[f'{split}_dataloader'])]
    for dataset in datasets:
        if not isinstance(dataset, HuPRDataset):
            raise ConfigError(f'the mean pose is of a HuPRDataset; the {split} split is of {type(dataset).__name__}')
    return datasets


def _guesses(
    datasets: Sequence[HuPRDataset], guess: Callable[[np.ndarray], np.ndarray]
) -> Iterator[tuple[None, list[dict]]]:
    """What is guessed of the labels (1, J, 2) of every sample, as its prediction."""
    for dataset in datasets:
        for index in range(len(dataset)):
            info = dataset.get_data_info(index)
            key = info['key_index']
            truth = dict(
                keypoints=info['keypoints'][None, key],
                keypoints_visible=info['keypoints_visible'][None, key],
                areas=info['areas'][None, key],
            )
            meta = dict(img_id=info['img_id'], frames_left_out=info['frames_left_out'])
            yield None, [dict(meta, gt_instances=truth, pred_instances=dict(keypoints=guess(truth['keypoints'])))]
