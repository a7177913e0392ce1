"""Print a model's parameters and multiply-accumulates for one window, and with --memory its peak memory."""

from __future__ import annotations

import argparse
import os

import torch
from mmengine.config import DictAction

from mmradar.apis.complexity import model_complexity
from mmradar.apis.configuration import load_config
from mmradar.apis.peak_memory import peak_memory
from mmradar.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE', help='override entries'
    )
    parser.add_argument(
        '--memory',
        action='store_true',
        help='run the model on one window, on the GPU if there is one, and print the peak memory of its tensors',
    )
    args = parser.parse_args()
    config = load_config(args.config, args.cfg_options)
    complexity = model_complexity(config)
    print(
        f'input        {" x ".join(map(str, complexity.input_shape))} (frames, views, channels, angle, Doppler, range)'
    )
    print(f'parameters   {complexity.parameters / 1e6:.2f} M')
    print(f'GMACs        {complexity.total_macs / 1e9:.2f}, one window, radar processing excluded')
    for name, macs in sorted(complexity.macs.items(), key=lambda item: -item[1]):
        print(f'  {name:<20} {macs / 1e9:6.2f}')
    if args.memory:
        os.environ.setdefault('KINETO_LOG_LEVEL', '99')  # otherwise torch's profiler logs its start and end
        device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        memory = peak_memory(config, device)
        total, weights, inputs = (size / 2**20 for size in (memory.total, memory.weights, memory.inputs))
        print(
            f'memory       {total:.1f} MiB: peak bytes of tensors in the forward pass of one window on a '
            f'{device.type.upper()}, without gradients; '
            f'{weights:.1f} MiB of weights and {inputs:.1f} MiB of input included'
        )


if __name__ == '__main__':
    run(main)
