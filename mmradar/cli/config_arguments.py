"""Command-line options for the configuration and its data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection

from mmengine.config import Config, DictAction

from mmradar.package_configs import config_path


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of every script that reads a configuration and its data."""
    parser.add_argument(
        '--data-root',
        help="folder of the data set, instead of the configuration's; applies to data sets, evaluators and a cache "
        'below it',
    )
    parser.add_argument(
        '--cache-dir',
        help='cache finished heatmaps in this folder; like all paths on the command line, relative to the current '
        'folder',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='override entries of the configuration, e.g. train_cfg.max_epochs=5 model.head.num_layers=2',
    )


def config_from(args: argparse.Namespace, also_read: Collection[str] = ()) -> Config:
    """Load the configuration ``args.config`` and apply the options of :func:`add_config_arguments`.

    Args:
        args: Parsed command line.
        also_read: See :func:`~mmradar.apis.configuration.load_config`.
    """
    from mmradar.apis.configuration import load_config
    from mmradar.apis.data_folders import set_cache_dir, set_data_root

    config = load_config(config_path(args.config), args.cfg_options, also_read)
    if args.data_root:
        for note in set_data_root(config, args.data_root):
            print(f'Note: {note}', file=sys.stderr)
    if args.cache_dir:
        set_cache_dir(config, args.cache_dir)
    return config
