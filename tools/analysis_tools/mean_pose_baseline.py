"""Evaluate the mean training pose: what a model that ignores its input can reach."""

from __future__ import annotations

import argparse

import numpy as np
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope

from mmradar.apis.data_folders import datasets_of
from mmradar.cli import add_config_arguments, check_output_file, config_from, run, write_metrics
from mmradar.datasets import HuPRDataset
from mmradar.errors import ConfigError
from mmradar.registry import DATASETS


def build_datasets(config: Config, split: str) -> list[HuPRDataset]:
    """A split's data sets, those within wrappers by themselves."""
    datasets = [DATASETS.build(settings) for settings in datasets_of(config[f'{split}_dataloader'])]
    for dataset in datasets:
        if not isinstance(dataset, HuPRDataset):
            raise ConfigError(f'the mean pose is of a HuPRDataset; the {split} split is of {type(dataset).__name__}')
    return datasets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument('--out', help='JSON file for the metrics')
    add_config_arguments(parser)
    args = parser.parse_args()
    if args.out:
        check_output_file(args.out)
    config = config_from(args)
    init_default_scope('mmradar')
    train, test = (build_datasets(config, split) for split in ('train', 'test'))
    annotations = [annotation for dataset in train for annotation in dataset.annotations]
    mean_pose = np.concatenate([annotation.keypoints for annotation in annotations]).mean(axis=0)
    evaluator = Evaluator(config.test_evaluator)
    evaluator.dataset_meta = test[0].metainfo
    for dataset in test:
        for index in range(len(dataset)):
            info = dataset.get_data_info(index)
            centre = len(info['keypoints']) // 2
            truth = dict(
                keypoints=info['keypoints'][None, centre],
                keypoints_visible=info['keypoints_visible'][None, centre],
                areas=info['areas'][None, centre],
            )
            guess = dict(keypoints=mean_pose[None])
            meta = dict(img_id=info['img_id'], frames_left_out=info['frames_left_out'])
            evaluator.process([dict(meta, gt_instances=truth, pred_instances=guess)])
    metrics = evaluator.evaluate(sum(map(len, test)))
    for name, value in metrics.items():
        print(f'{name:<20} {value:8.2f}')
    if args.out:
        write_metrics(args.out, metrics)


if __name__ == '__main__':
    run(main)
