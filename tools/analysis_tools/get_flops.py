"""Print a model's parameters and multiply-accumulates for one window."""

from __future__ import annotations

import argparse

from mmengine.config import DictAction

from mmradar.apis.command_line import load_config, run
from mmradar.apis.complexity import model_complexity


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE', help='override entries'
    )
    args = parser.parse_args()
    complexity = model_complexity(load_config(args.config, args.cfg_options))
    print(
        f'input        {" x ".join(map(str, complexity.input_shape))} (frames, views, channels, angle, Doppler, range)'
    )
    print(f'parameters   {complexity.parameters / 1e6:.2f} M')
    print(f'GMACs        {complexity.total_macs / 1e9:.2f}, one window, radar processing excluded')
    for name, macs in sorted(complexity.macs.items(), key=lambda item: -item[1]):
        print(f'  {name:<20} {macs / 1e9:6.2f}')


if __name__ == '__main__':
    run(main)
