"""Send a recording as its boards would: the same datagrams, at the recorded frame rate.

mmradar replay data/simhupr/single_409 --repeat & mmradar live
"""

from __future__ import annotations

import argparse

from mmradar.capture import NetworkFaults, replay
from mmradar.cli import PORT, not_negative, progress_bar
from mmradar.cli.radar_arguments import add_radar_argument, radar_from
from mmradar.errors import ConfigError
from mmradar.radar import RawRecording


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('inputs', nargs='+', help='folder of a sequence, or one raw file per view')
    parser.add_argument('--views', nargs='+', default=['hori', 'vert'], help='names of the views (default: hori vert)')
    parser.add_argument(
        '--ports', nargs='+', type=PORT, default=[4098, 4099], help='UDP port of each view (default: 4098 4099)'
    )
    parser.add_argument('--host', default='127.0.0.1', help='address to send to (default: 127.0.0.1)')
    add_radar_argument(parser)
    parser.add_argument('--speed', type=float, default=1.0, help='multiple of the recorded frame rate (default: 1)')
    parser.add_argument('--repeat', action='store_true', help='start again at the end, until interrupted')
    parser.add_argument('--loss', type=not_negative, default=0.0, help='share of datagrams that are lost')
    parser.add_argument('--reorder', type=not_negative, default=0.0, help='share of datagrams that arrive out of order')
    parser.add_argument('--jitter', type=not_negative, default=0.0, help='maximum delay of a frame, in ms')
    parser.add_argument('--seed', type=int, default=0, help='random seed of losses, reordering and delays')


def main(args: argparse.Namespace) -> None:
    from mmradar.apis.sources import open_source

    if len(args.ports) < len(args.views):
        raise ConfigError(f'--ports gives {len(args.ports)} for {len(args.views)} views')
    source = args.inputs[0] if len(args.inputs) == 1 else args.inputs
    recordings: dict[str, RawRecording] = {}
    for view, recording in open_source(source, args.views, radar_from(args)).recordings.items():
        if not isinstance(recording, RawRecording):
            raise ConfigError(
                f'{recording.path} ({view}) holds range profiles or cubes, and a board sends raw samples; simulate '
                'with --form raw'
            )
        recordings[view] = recording
    faults = NetworkFaults(args.loss, args.reorder, jitter_s=args.jitter / 1000, seed=args.seed)
    addresses = {view: (args.host, port) for view, port in zip(args.views, args.ports)}
    for view, (host, port) in addresses.items():
        print(f'{view}: {recordings[view].path} to {host}:{port}', flush=True)
    sent = replay(
        recordings,
        addresses,
        speed=args.speed,
        repeat=args.repeat,
        faults=faults,
        on_progress=None if args.repeat else progress_bar('frames'),
    )
    print(f'{sent:,} datagrams')
