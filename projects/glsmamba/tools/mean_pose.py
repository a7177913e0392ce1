"""Test the mean pose of the training set in each person's box, which a network must beat.

python projects/glsmamba/tools/mean_pose.py glsmamba::glsmamba_small_synthetic
"""

from __future__ import annotations

import argparse

from glsmamba.evaluation.mean_pose import mean_pose_metrics
from mmradar.cli import add_config_arguments, config_from, markdown_table, run


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='configuration of a network, whose data sets and metrics are used')
    parser.add_argument('--samples', type=int, default=320, help='training samples whose mean it is')
    add_config_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    metrics = mean_pose_metrics(config_from(args), args.samples)
    print(markdown_table(['metric', 'mean pose'], [[name, f'{value:.3g}'] for name, value in metrics.items()]))


if __name__ == '__main__':
    run(main)
