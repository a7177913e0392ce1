"""Measure a board's antenna gains, phases and range bias from a recording of a corner reflector."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmradar.cli import check_output_file, run
from mmradar.cli.radar_arguments import add_radar_argument, radar_from
from mmradar.radar import calibrate, open_recording


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument(
        'file', type=Path, help='recording without motion and without another object near the range of the reflector'
    )
    add_radar_argument(parser)
    parser.add_argument(
        '--position',
        type=float,
        nargs=3,
        required=True,
        metavar=('X', 'Y', 'Z'),
        help='of the reflector in m, relative to the middle of the array: along the array, away from it, across it',
    )
    parser.add_argument('--frames', type=int, default=16, help='number of frames to average')
    parser.add_argument(
        '--search',
        type=float,
        default=0.3,
        help='largest distance between the range of its echo and its position, in m',
    )
    parser.add_argument('--out', type=Path, default=Path('calibration.json'), help='file to write')
    args = parser.parse_args()
    check_output_file(args.out)
    config = radar_from(args)
    recording = open_recording(args.file, config)
    calibration = calibrate(recording.cube(slice(0, args.frames)), config, tuple(args.position), args.search)
    print(f'range bias {1e3 * calibration.range_bias_m:+.1f} mm')
    for antenna, (gain_db, phase_rad) in enumerate(zip(calibration.gain_db, calibration.phase_rad)):
        tx, rx = divmod(antenna, config.num_rx)
        print(f'TX {tx} RX {rx}: {gain_db:+6.2f} dB, {phase_rad:+6.3f} rad')
    calibration.save(args.out)
    print(
        f"{args.out} written. To use it: dict(type='RangeDopplerMap', calibrations=dict(VIEW={str(args.out)!r}), ...)"
    )


if __name__ == '__main__':
    run(main)
