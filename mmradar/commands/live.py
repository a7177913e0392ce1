"""Show poses from boards that are recording now, on a web page.

    mmradar live                                    # two DCA1000 on ports 4098 and 4099 of this computer
    mmradar live --serial /dev/ttyACM0 /dev/ttyACM2 --listen 192.168.33.30 192.168.34.30 \\
        --cards 192.168.33.180 192.168.34.180 --ports 4098

    mmradar live --lift hummuss-causal-small    # poses in 3D, too (pip install -e projects/hummuss)

Without `--serial`, the boards are configured and started by TI's tools, whose configuration file is `--profile`; or
`mmradar replay` sends a recording instead of boards.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mmradar.capture import RadarBoard, boards_radar
from mmradar.capture.boards import COMMAND_PORT
from mmradar.cli import (
    PORT,
    add_lifter_arguments,
    add_presence_argument,
    integer,
    lifter_from,
    not_negative,
    trained_model,
)
from mmradar.errors import ConfigError
from mmradar.radar import MIN_ECHO_DB, RadarConfig, read_radar_config
from mmradar.radar.packets import DATA_PORT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--model', default='millimamba-small', help="a published model's name, a checkpoint, or a configuration"
    )
    parser.add_argument('--weights', help='checkpoint, if --model is a configuration')
    add_lifter_arguments(parser)
    add_presence_argument(parser, default=MIN_ECHO_DB)
    parser.add_argument(
        '--listen',
        nargs='+',
        help='address of this computer that the boards send to: one for all views, or one per view (default: '
        '127.0.0.1; with --serial 192.168.33.30, the factory setting of a DCA1000)',
    )
    parser.add_argument(
        '--ports',
        nargs='+',
        type=PORT,
        help='port that the boards send to: one for all views, or one per view (default: 4098 4099)',
    )
    parser.add_argument(
        '--profile', help="configuration of the boards, a file of TI's tools (default: the radar of the model)"
    )
    parser.add_argument(
        '--serial', nargs='+', help="serial port of each view's radar; configures and starts the boards"
    )
    parser.add_argument(
        '--cards',
        nargs='+',
        default=['192.168.33.180'],
        help="address of each view's capture card (default: 192.168.33.180)",
    )
    parser.add_argument(
        '--command-ports',
        nargs='+',
        type=PORT,
        default=[COMMAND_PORT],
        help=f'command port of each capture card (default: {COMMAND_PORT})',
    )
    parser.add_argument(
        '--host', default='127.0.0.1', help='address of the page (default: 127.0.0.1, this computer only)'
    )
    parser.add_argument('--port', type=PORT, default=8080, help='port of the page (default: 8080)')
    parser.add_argument('--record-dir', type=Path, default=Path('recordings'), help='folder for recordings')
    parser.add_argument(
        '--look-ahead',
        type=integer(0),
        help="number of later frames that a pose waits for, instead of the model's own; fewer give earlier poses",
    )
    parser.add_argument(
        '--poses-per-window',
        type=integer(1),
        default=1,
        help='number of poses taken from one window: the network runs that many times less often, poses come later '
        '(default: 1)',
    )
    parser.add_argument(
        '--average',
        type=integer(1),
        default=1,
        help='number of windows whose poses of a frame are averaged: smoother, without delay (default: 1)',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision with bfloat16: faster on processors with units for it, slower on others',
    )
    parser.add_argument('--device', default='cpu', help='device that the model runs on (default: cpu)')
    parser.add_argument('--seconds', type=not_negative, help='stop after this time (default: when interrupted)')


def main(args: argparse.Namespace) -> None:
    from mmradar.apis.inference import views_and_radar
    from mmradar.apis.models import config_of

    try:
        from mmradar.live import LiveServer
    except ModuleNotFoundError as error:
        raise ConfigError(f"mmradar live needs {error.name}: pip install 'mmradar[live]'") from error
    print('Loading the model, then predicting once to build its kernels.', flush=True)
    model = trained_model(args.model, args.weights, args.device)
    lifter = lifter_from(args)
    views, radar = views_and_radar(config_of(model))
    listen = args.listen or (['192.168.33.30'] if args.serial else ['127.0.0.1'])
    hosts = _each('--listen', listen, views)
    ports = _each('--ports', args.ports or [DATA_PORT + number for number in range(len(views))], views)
    addresses = {view: (hosts[view], ports[view]) for view in views}
    names = ('record_dir', 'look_ahead', 'poses_per_window', 'average', 'min_echo_db', 'amp')
    choices: dict[str, Any] = dict(lifter=lifter, **{name: getattr(args, name) for name in names})
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
            for board in boards:  # all boards are configured before the first one starts
                board.start()
        for view, board in server.session.boards.items():
            print(f'{view}: waiting for a board on {board.address[0]}:{board.address[1]}', flush=True)
        end = time.monotonic() + args.seconds if args.seconds else float('inf')
        silent = dict(server.session.boards)
        while time.monotonic() < end:
            time.sleep(0.2)
            if server.session.error is not None:
                raise server.session.error
            for view in [view for view, board in silent.items() if board.packets]:
                print(f'{view}: data arrive', flush=True)
                del silent[view]
        for view in silent:
            print(f'{view}: no data came')


def _board(view: str, radar: RadarConfig, serial_port: str, *addresses: Any) -> RadarBoard:
    print(f'{view}: configuring the radar on {serial_port}', flush=True)
    return RadarBoard(view, radar, serial_port, *addresses)


def _each(option: str, values: Sequence[Any], views: Sequence[str]) -> dict[str, Any]:
    """Assign a value to each view; a single value applies to all views.

    Raises:
        ConfigError: If the number of values does not fit.
    """
    if len(values) not in (1, len(views)):
        raise ConfigError(
            f'{option} takes one value, or one for each of the views {", ".join(views)}; found {len(values)}'
        )
    return dict(zip(views, list(values) * len(views) if len(values) == 1 else values))
