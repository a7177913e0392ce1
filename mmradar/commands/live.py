"""Poses of boards that are recording now, on a web page.

    mmradar live                                    # two DCA1000 on ports 4098 and 4099 of this computer
    mmradar live --listen 192.168.33.30 --ports 4098 4099

The boards are configured and started by TI's tools, or by `mmradar replay`, which sends a recording in their place.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from mmradar.apis import init_model
from mmradar.apis.inference import views_and_radar
from mmradar.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--model', default='millimamba-small', help="a published model's name, a checkpoint, or a configuration"
    )
    parser.add_argument('--weights', help='checkpoint, if --model is a configuration')
    parser.add_argument('--listen', default='127.0.0.1', help='address that the boards send to; 127.0.0.1')
    parser.add_argument('--ports', nargs='+', type=int, default=[4098, 4099], help='of each view; 4098 4099')
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
    parser.add_argument('--device', default='cpu', help='where the model runs; cpu')
    parser.add_argument('--seconds', type=float, help='stop after so long; when interrupted if not given')


def main(args: argparse.Namespace) -> None:
    try:
        from mmradar.live import LiveServer
    except ModuleNotFoundError as error:
        raise ConfigError(f"mmradar live needs {error.name}: pip install 'mmradar[live]'") from error
    model = init_model(args.model, args.weights, args.device)
    views, _ = views_and_radar(model.cfg)
    if len(args.ports) < len(views):
        raise ConfigError(f'--ports gives {len(args.ports)} for the views {", ".join(views)}')
    addresses = {view: (args.listen, port) for view, port in zip(views, args.ports)}
    choices = dict(record_dir=args.record_dir, look_ahead=args.look_ahead, poses_per_window=args.poses_per_window)
    with LiveServer(model, addresses, args.host, args.port, **choices) as server:
        print(f'{server.url}  (end with Ctrl-C)', flush=True)
        for view, board in server.session.boards.items():
            print(f'{view}: waiting for a board on {board.address[0]}:{board.address[1]}', flush=True)
        end = time.monotonic() + args.seconds if args.seconds else float('inf')
        while time.monotonic() < end:
            time.sleep(0.2)
            if server.session.error is not None:
                raise server.session.error
