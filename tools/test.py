"""Evaluate a checkpoint."""

from __future__ import annotations

import argparse

from mmengine.config import Config
from mmengine.runner import Runner

from mmradar.cli import (
    add_common_arguments,
    apply_common_arguments,
    check_output_file,
    read_checkpoint_or_explain,
    run,
    write_metrics,
)
from mmradar.errors import ConfigError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='JSON file for the metrics')
    parser.add_argument('--dump', help='pickle file for the predictions')
    add_common_arguments(parser)
    return parser.parse_args()


def merge_args(config: Config, args: argparse.Namespace) -> Config:
    config.load_from = args.checkpoint
    if args.dump:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise ConfigError(f'--dump wants a .pkl file, found {args.dump}')
        evaluators = config.test_evaluator if isinstance(config.test_evaluator, list) else [config.test_evaluator]
        config.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=args.dump)]
    return config


def main() -> None:
    args = parse_args()
    for path in filter(None, (args.out, args.dump)):
        check_output_file(path)
    config = merge_args(apply_common_arguments(args), args)
    read_checkpoint_or_explain(args.checkpoint)
    metrics = Runner.from_cfg(config).test()
    if args.out:
        write_metrics(args.out, metrics)


if __name__ == '__main__':
    run(main)
