"""Poses of boards that are recording now, on a web page.

    mmradar live                                    # two DCA1000 on ports 4098 and 4099 of this computer
    mmradar live --serial /dev/ttyACM0 /dev/ttyACM2 --listen 192.168.33.30 192.168.34.30 \\
        --cards 192.168.33.180 192.168.34.180 --ports 4098

Without `--serial` the boards are configured and started by TI's tools, whose file `--profile` is; or `mmradar replay`
sends a recording in their place.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mmradar.apis import init_model
from mmradar.apis.inference import views_and_radar
from mmradar.capture import RadarBoard, boards_radar
from mmradar.capture.boards import COMMAND_PORT
from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig, read_radar_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--model', default='millimamba-small', help="a published model's name, a checkpoint, or a configuration"
    )
    parser.add_argument('--weights', help='checkpoint, if --model is a configuration')
    parser.add_argument(
        '--listen',
        nargs='+',
        help='address of this computer that the boards send to, or one for each view; 127.0.0.1, with --serial '
        '192.168.33.30, which a DCA1000 sends to as delivered',
    )
    parser.add_argument(
        '--ports', nargs='+', type=int, default=[4098, 4099], help='that they send to, or one for each view; 4098 4099'
    )
    parser.add_argument(
        '--profile', help="the boards' configuration, a file of TI's tools; as the model's radar if not given"
    )
    parser.add_argument(
        '--serial', nargs='+', help="serial port of each view's radar, to configure and start the boards"
    )
    parser.add_argument(
        '--cards', nargs='+', default=['192.168.33.180'], help="address of each view's capture card; 192.168.33.180"
    )
    parser.add_argument(
        '--command-ports', nargs='+', type=int, default=[COMMAND_PORT], help=f'of each card; {COMMAND_PORT}'
    )
    parser.add_argument('--host', default='127.0.0.1', help='address of the page; 127.0.0.1, this computer alone')
    parser.add_argument('--port', type=int, default=8080, help='of the page; 8080')
    parser.add_argument('--record-dir', type=Path, default=Path('recordings'), help='folder for recordings')
    parser.add_argument(
        '--look-ahead', type=int, help="frames that a pose waits for, in place of the model's own: fewer are earlier"
    )
    parser.add_argument(
        '--poses-per-window',
        type=int,
        default=1,
        help='frames whose poses are taken from one window: the network runs so much less often, poses come later; 1',
    )
    parser.add_argument(
        '--average', type=int, default=1, help='windows whose poses of a frame are averaged: calmer, and no later; 1'
    )
    parser.add_argument('--device', default='cpu', help='where the model runs; cpu')
    parser.add_argument('--seconds', type=float, help='stop after so long; when interrupted if not given')


def main(args: argparse.Namespace) -> None:
    try:
        from mmradar.live import LiveServer
    except ModuleNotFoundError as error:
        raise ConfigError(f"mmradar live needs {error.name}: pip install 'mmradar[live]'") from error
    model = init_model(args.model, args.weights, args.device)
    views, radar = views_and_radar(model.cfg)
    listen = args.listen or (['192.168.33.30'] if args.serial else ['127.0.0.1'])
    hosts, ports = _each('--listen', listen, views), _each('--ports', args.ports, views)
    addresses = {view: (hosts[view], ports[view]) for view in views}
    names = ('record_dir', 'look_ahead', 'poses_per_window', 'average')
    choices = {name: getattr(args, name) for name in names}
    if args.profile and args.serial:
        raise ConfigError("--serial configures the boards as the model's radar; leave out --profile")
    if args.serial:
        choices['radar'] = boards_radar(radar)
        of_boards = [
            _each('--serial', args.serial, views),
            hosts,
            _each('--cards', args.cards, views),
            _each('--command-ports', args.command_ports, views),
        ]
    elif args.profile:
        choices['radar'] = read_radar_config(args.profile)
    with LiveServer(model, addresses, args.host, args.port, **choices) as server, ExitStack() as running:
        print(f'{server.url}  (end with Ctrl-C)', flush=True)
        if args.serial:
            boards = [
                running.enter_context(_board(view, radar, *(of_board[view] for of_board in of_boards)))
                for view in views
            ]
            for board in boards:  # none begins before all are ready
                board.start()
        for view, board in server.session.boards.items():
            print(f'{view}: waiting for a board on {board.address[0]}:{board.address[1]}', flush=True)
        end = time.monotonic() + args.seconds if args.seconds else float('inf')
        while time.monotonic() < end:
            time.sleep(0.2)
            if server.session.error is not None:
                raise server.session.error


def _board(view: str, radar: RadarConfig, serial_port: str, *addresses: Any) -> RadarBoard:
    print(f'{view}: configuring the radar on {serial_port}', flush=True)
    return RadarBoard(view, radar, serial_port, *addresses)


def _each(option: str, values: Sequence[Any], views: Sequence[str]) -> dict[str, Any]:
    """A value for each view; one alone is for all.

    Raises:
        ConfigError: Another number of values.
    """
    if len(values) not in (1, len(views)) and not (option == '--ports' and len(values) > len(views)):
        raise ConfigError(
            f'{option} takes one value, or one for each of the views {", ".join(views)}; found {len(values)}'
        )
    return dict(zip(views, list(values) * len(views) if len(values) == 1 else values))
