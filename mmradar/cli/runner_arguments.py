"""Command-line options that training and testing share."""

from __future__ import annotations

import argparse
import os
from typing import Any

from mmradar.cli.config_arguments import add_config_arguments


def add_runner_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share, with mmpose's names."""
    parser.add_argument('--work-dir', help='folder for logs, checkpoints and results')
    add_config_arguments(parser)
    parser.add_argument('--show-dir', help="folder for pictures of predictions, below the work directory's time stamp")
    parser.add_argument('--show', action='store_true', help='show pictures in a window')
    parser.add_argument('--interval', type=int, default=1, help='draw one of every so many samples')
    parser.add_argument('--wait-time', type=float, default=1, help='seconds that a window stays open')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none', help='job launcher')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def runner_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options of :func:`add_runner_arguments` as arguments of :func:`mmradar.apis.train` and ``test``.

    :func:`~mmradar.cli.config_from` applies the options that concern the configuration.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    draw = dict(show=args.show, out_dir=args.show_dir, interval=args.interval, wait_time=args.wait_time)
    return dict(work_dir=args.work_dir, launcher=args.launcher, draw=draw if args.show or args.show_dir else None)
