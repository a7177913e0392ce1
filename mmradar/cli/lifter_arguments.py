"""Command-line options that name a model which lifts poses to 3D."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmradar.errors import ConfigError
from mmradar.published_models import file_of_config, published_models

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
    from mmradar.apis.models import CHECKPOINT_ENDINGS, init_model

    has_weights = args.lift in published_models() or Path(args.lift).suffix in CHECKPOINT_ENDINGS
    if args.lift_weights is None and not has_weights:
        file_of_config(args.lift)  # is there such a configuration? Its plugin may not be installed
        raise ConfigError(
            f'--lift {args.lift} has no weights, and none come with the package: train it with `mmradar train '
            f'{args.lift}`, and add --lift-weights CHECKPOINT'
        )
    return init_model(args.lift, args.lift_weights, args.device)
