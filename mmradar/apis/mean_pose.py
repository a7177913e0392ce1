"""The mean training pose as everybody's prediction: what a model that ignores its input can reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmradar.apis.data_folders import datasets_of
from mmradar.apis.evaluation import metrics_of
from mmradar.datasets import HuPRDataset
from mmradar.errors import ConfigError
from mmradar.registry import DATASETS


def mean_pose_metrics(config: Config) -> dict[str, float]:
    """The test metrics of the mean training pose. Of the recordings, only labels are read.

    Raises:
        ConfigError: A data set of the train or test split is no :class:`~mmradar.datasets.HuPRDataset`.
    """
    init_default_scope('mmradar')
    train, test = (_build_datasets(config, split) for split in ('train', 'test'))
    annotations = [annotation for dataset in train for annotation in dataset.annotations]
    visible = np.concatenate([annotation.keypoints_visible for annotation in annotations])[..., None]
    poses = np.concatenate([annotation.keypoints for annotation in annotations])
    mean_pose = poses.mean(axis=0, where=visible > 0)
    return metrics_of(_guesses(test, mean_pose), config.test_evaluator, test[0].metainfo, sum(map(len, test)))


def _build_datasets(config: Config, split: str) -> list[HuPRDataset]:
    """A split's data sets, those within wrappers by themselves."""
    datasets = [DATASETS.build(settings) for settings in datasets_of(config[f'{split}_dataloader'])]
    for dataset in datasets:
        if not isinstance(dataset, HuPRDataset):
            raise ConfigError(f'the mean pose is of a HuPRDataset; the {split} split is of {type(dataset).__name__}')
    return datasets


def _guesses(datasets: Sequence[HuPRDataset], pose: np.ndarray) -> Iterator[tuple[None, list[dict]]]:
    """One pose, as the prediction of every sample."""
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
            yield None, [dict(meta, gt_instances=truth, pred_instances=dict(keypoints=pose[None]))]
