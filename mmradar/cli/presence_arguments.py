"""Command-line option for what counts as an empty room."""

from __future__ import annotations

import argparse

from mmradar.cli.numbers import not_negative


def add_presence_argument(parser: argparse.ArgumentParser, default: float) -> None:
    """Add ``--min-echo-db``."""
    parser.add_argument(
        '--min-echo-db',
        metavar='DB',
        type=not_negative,
        default=default,
        help='weakest echo of a person, in dB above the noise: if, within a window, a radar has no moving echo of this '
        f'strength, nobody is there; 0 always gives a pose (default: {default:g})',
    )
