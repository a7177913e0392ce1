"""Command-line options that name the radar of a recording."""

from __future__ import annotations

import argparse

from mmradar.errors import ConfigError
from mmradar.radar import BOARDS, PRESETS, RadarConfig, read_radar_config


def add_radar_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--config`` and ``--board``, for scripts that read a recording without a model."""
    parser.add_argument(
        '--config',
        default='iwr1843_hupr',
        help=f'radar: {", ".join(PRESETS)}, or a file of the mmWave SDK or Studio (.cfg, .lua, log, .json)',
    )
    parser.add_argument('--board', help=f'board, if the radar file does not name it: {", ".join(BOARDS)}')


def radar_from(args: argparse.Namespace) -> RadarConfig:
    """Return the radar that the options of :func:`add_radar_argument` name.

    Raises:
        ConfigError: If ``--board`` is given with a preset, or the file does not determine the antenna positions.
    """
    if args.config in PRESETS:
        if args.board:
            raise ConfigError(f'--board goes with a file; the preset {args.config} has a board')
        return RadarConfig.build(args.config)
    config = read_radar_config(args.config, args.board)
    if config.tx_positions is None or config.rx_positions is None:
        raise ConfigError(
            f'{args.config} does not say where the antennas stand; add --board with one of {", ".join(BOARDS)}, or '
            "give a JSON of RadarConfig's fields with tx_positions and rx_positions"
        )
    return config
