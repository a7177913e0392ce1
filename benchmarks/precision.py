"""Measure the speed of bfloat16 and int8 on a CPU, in ms per window, and their cost in AP.

    python benchmarks/precision.py configs/millimamba_small_simhupr.py mmradar/weights/millimamba_small.pth \\
        --data-root data/simhupr

bfloat16 is torch's autocast; it is faster on processors with units for it (AMX, AVX-512 BF16). int8 applies to linear
layers, whose inputs are quantised dynamically. Without a checkpoint, weights are random and AP is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import warnings
from collections.abc import Iterator

import torch
from torch import nn

from mmradar.apis import build_loader, evaluate, init_model
from mmradar.apis.complexity import heatmap_shape
from mmradar.apis.inference_time import shortest_time
from mmradar.cli import add_config_arguments, config_from, markdown_table, run
from mmradar.memory import keep_freed_memory

_MODES = ('float32', 'bfloat16', 'int8')


@contextlib.contextmanager
def _computing(model: nn.Module, mode: str) -> Iterator[nn.Module]:
    """Yield the model in a context in which it computes in a mode."""
    if mode == 'int8':
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # torch announces the move of quantisation to torchao
            model = torch.ao.quantization.quantize_dynamic(copy.deepcopy(model), {nn.Linear}, torch.qint8)
    with torch.autocast('cpu', torch.bfloat16, enabled=mode == 'bfloat16'):
        yield model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('checkpoint', nargs='?')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--runs', type=int, default=5)
    add_config_arguments(parser)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    keep_freed_memory()
    config = config_from(args)
    model = init_model(config, args.checkpoint)
    window = torch.randn(1, *heatmap_shape(config))
    rows = []
    for mode in _MODES:
        with _computing(model, mode) as computing, torch.no_grad():
            seconds = shortest_time(
                lambda net=computing: net(window, None, mode='tensor'), args.runs, torch.device('cpu')
            )
            row = [mode, 1e3 * seconds]
            if args.checkpoint:
                metrics = evaluate(computing, build_loader(config), config.test_evaluator)
                row += [metrics['coco/AP'], metrics['coco/AP_wrist'], metrics['coco/MPJPE_px']]
        rows.append(row)
    header = ['', 'ms per window', *(['AP', 'wrists', 'error, px'] if args.checkpoint else [])]
    print(markdown_table(header, rows))


if __name__ == '__main__':
    run(main)
