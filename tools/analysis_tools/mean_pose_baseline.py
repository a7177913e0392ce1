"""Evaluate the mean training pose, a baseline that uses no input."""

from __future__ import annotations

import argparse

from mmradar.apis.mean_pose import mean_pose_metrics
from mmradar.cli import add_config_arguments, check_output_file, config_from, metric_lines, run, write_metrics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument(
        '--placed',
        action='store_true',
        help='place the pose at the true place and in the true size of each person (an oracle)',
    )
    parser.add_argument('--out', help='JSON file to which to write the metrics')
    add_config_arguments(parser)
    args = parser.parse_args()
    if args.out:
        check_output_file(args.out)
    metrics = mean_pose_metrics(config_from(args), args.placed)
    print(metric_lines(metrics))
    if args.out:
        write_metrics(args.out, metrics)


if __name__ == '__main__':
    run(main)
