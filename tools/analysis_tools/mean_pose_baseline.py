"""Evaluate the mean training pose: what a model that ignores its input can reach."""

from __future__ import annotations

import argparse

import numpy as np
from mmengine.registry import init_default_scope

from mmradar.apis.command_line import add_config_arguments, check_output_file, config_from, run, write_metrics
from mmradar.registry import DATASETS, METRICS


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
    datasets = {split: DATASETS.build(config[f'{split}_dataloader'].dataset) for split in ('train', 'test')}
    mean_pose = np.concatenate([annotation.keypoints for annotation in datasets['train'].annotations]).mean(axis=0)
    metric = METRICS.build(config.test_evaluator)
    metric.dataset_meta = datasets['test'].metainfo
    for index in range(len(datasets['test'])):
        info = datasets['test'].get_data_info(index)
        centre = len(info['keypoints']) // 2
        truth = dict(
            keypoints=info['keypoints'][None, centre],
            keypoints_visible=info['keypoints_visible'][None, centre],
            areas=info['areas'][None, centre],
        )
        meta = dict(img_id=info['img_id'], frames_left_out=info['frames_left_out'])
        metric.process({}, [dict(meta, gt_instances=truth, pred_instances=dict(keypoints=mean_pose[None]))])
    metrics = metric.evaluate(len(datasets['test']))
    for name, value in metrics.items():
        print(f'{name:<20} {value:8.2f}')
    if args.out:
        write_metrics(args.out, metrics)


if __name__ == '__main__':
    run(main)
