"""Command-line options that name a model which lifts poses to 3D."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mmradar.cli.model_arguments import trained_model
from mmradar.errors import ConfigError

if TYPE_CHECKING:
    from mmengine.model import BaseModel


def add_lifter_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--lift`` and ``--lift-weights``."""
    parser.add_argument(
        '--lift',
        metavar='LIFTER',
        help="lift poses to 3D, frame by frame: a published lifter's name, a checkpoint, or a configuration; "
        'hummuss-causal-small comes with projects/hummuss',
    )
    parser.add_argument('--lift-weights', metavar='CHECKPOINT', help='checkpoint, if --lift is a configuration')


def lifter_from(args: argparse.Namespace) -> BaseModel | None:
    """Return the lifter that the options of :func:`add_lifter_arguments` name, on ``args.device``; ``None`` without.

    Raises:
        ConfigError: The lifter has no weights or belongs to no ``--lift``, or see :func:`~mmradar.apis.init_model`.
        CheckpointError: See :func:`~mmradar.apis.init_model`.
    """
    if args.lift is None:
        if args.lift_weights is not None:
            raise ConfigError('--lift-weights goes with --lift, the configuration of the lifter')
        return None
    return trained_model(args.lift, args.lift_weights, args.device, ('--lift', '--lift-weights'))
