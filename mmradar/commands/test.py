"""Evaluate a checkpoint."""

from __future__ import annotations

import argparse

from mmradar.cli import add_runner_arguments, check_output_file, config_from, runner_options, write_metrics


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', help='configuration: a file, or the name of one in the package')
    parser.add_argument('checkpoint', help="checkpoint file, or a published model's name")
    parser.add_argument('--out', help='JSON file for the metrics')
    parser.add_argument('--dump', help='pickle file for the predictions')
    add_runner_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mmradar.apis import test

    for path in filter(None, (args.out, args.dump)):
        check_output_file(path)
    metrics = test(config_from(args), args.checkpoint, dump=args.dump, **runner_options(args))
    if args.out:
        write_metrics(args.out, metrics)
