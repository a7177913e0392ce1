"""Train a model."""

from __future__ import annotations

import argparse

from mmradar.cli import add_runner_arguments, config_from, runner_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', help='configuration: a file, or the name of one in the package')
    parser.add_argument(
        '--resume',
        nargs='?',
        const=True,
        default=False,
        help='resume from a checkpoint; without a path, from the latest in the work directory',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision (bfloat16 on a CPU)')
    parser.add_argument('--no-validate', action='store_true', help='do not evaluate during training')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate with the batch size')
    add_runner_arguments(parser)


def main(args: argparse.Namespace) -> None:
    from mmradar.apis import train

    train(
        config_from(args),
        resume=args.resume,
        amp=args.amp,
        validate=not args.no_validate,
        auto_scale_lr=args.auto_scale_lr,
        **runner_options(args),
    )
