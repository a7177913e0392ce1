"""Describe a raw radar file, report its problems, and draw its content."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmradar.cli import check_picture_file, integer
from mmradar.cli.radar_arguments import add_radar_argument, radar_from
from mmradar.radar import draw_report, inspect_adc


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('file', type=Path, help='raw file of a DCA1000')
    add_radar_argument(parser)
    parser.add_argument('--frames', type=integer(1), default=16, help='number of frames to examine (default: 16)')
    parser.add_argument('--out', type=Path, help='picture to write (default: FILE.png in the current folder)')


def main(args: argparse.Namespace) -> None:
    out = args.out or Path(f'{args.file.name}.png')
    check_picture_file(out)
    config = radar_from(args)
    report = inspect_adc(args.file, config, args.frames)
    print(f'{report.path}: {report.size_bytes:,} bytes')
    print(
        f'  {report.frames:,} whole frames of {config.num_tx} TX x {config.num_rx} RX x {config.num_loops} loops x '
        f'{config.num_samples} samples ({config.frame_bytes:,} bytes), {report.frames / config.frame_rate_hz:.1f} s'
    )
    print(
        f'  range bin {100 * config.range_resolution_m:.1f} cm, up to {config.max_range_m:.1f} m; speed up to '
        f'{config.max_velocity_m_s:.2f} m/s either way'
    )
    print(f'  samples in the layout {report.layout}')
    for antenna, (power, dc, clipped) in enumerate(zip(report.power_db, report.dc_counts, report.clipped)):
        name = report.antenna_name(antenna)
        print(f'  {name}: {power:5.1f} dB, DC {dc.real:+.0f} {dc.imag:+.0f}j, {100 * clipped:.2f} % clipped')
    print('No problems found.' if not report.problems else 'Problems:')
    for problem in report.problems:
        print(f'  - {problem}')
    draw_report(report, out)
    print(f'Picture: {out}')
