"""Evaluate the mean training pose: what a model that ignores its input can reach."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from mmengine.config import DictAction
from mmengine.registry import init_default_scope

from mmradar.apis.command_line import load_config, run
from mmradar.registry import DATASETS, METRICS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument('--data-root', help="folder of the data set, in place of the configuration's")
    parser.add_argument('--out', help='JSON file for the metrics')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE', help='override entries'
    )
    args = parser.parse_args()
    config = load_config(args.config, args.cfg_options)
    init_default_scope('mmradar')
    datasets = {}
    for split in ('train', 'test'):
        dataset = config[f'{split}_dataloader'].dataset
        if args.data_root:
            dataset.data_root = args.data_root
        datasets[split] = DATASETS.build(dataset)
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
        metric.process(
            {}, [dict(img_id=info['img_id'], gt_instances=truth, pred_instances=dict(keypoints=mean_pose[None]))]
        )
    metrics = metric.evaluate(len(datasets['test']))
    for name, value in metrics.items():
        print(f'{name:<20} {value:8.2f}')
    if args.out:
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
        Path(args.out).write_text(json.dumps(metrics, indent=1))


if __name__ == '__main__':
    run(main)
