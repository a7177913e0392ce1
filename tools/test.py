"""Evaluate a checkpoint."""

from __future__ import annotations

import argparse

from mmradar.apis import test
from mmradar.cli import add_runner_arguments, check_output_file, config_from, run, runner_options, write_metrics


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='JSON file for the metrics')
    parser.add_argument('--dump', help='pickle file for the predictions')
    add_runner_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    for path in filter(None, (args.out, args.dump)):
        check_output_file(path)
    metrics = test(config_from(args), args.checkpoint, dump=args.dump, **runner_options(args))
    if args.out:
        write_metrics(args.out, metrics)


if __name__ == '__main__':
    run(main)
