"""Measure how many frames a training supervises per second, and where the time of a step goes.

    python benchmarks/training.py configs/millimamba_small_simhupr.py configs/millimamba_tiny_simhupr.py

Each configuration trains, with its own batch size, on a small simulated set of range profiles in a temporary folder.
``load`` is the time to load a batch in one process; in training this runs in parallel with the rest of the step.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmradar import apis
from mmradar.apis.configuration import load_config
from mmradar.apis.data_folders import set_data_root
from mmradar.apis.inference_time import shortest_time
from mmradar.cli import markdown_table, run
from mmradar.memory import keep_freed_memory
from mmradar.simulation import CompactForm, SimulationPlan, write_hupr_dataset

_DEVICE = torch.device('cpu')


def rows_of(path: str, data: Path, runs: int) -> list:
    """Measure one configuration and return its row of the table."""
    config = load_config(path)
    set_data_root(config, str(data))
    model = apis.init_model(copy.deepcopy(config)).train()
    optimizer = build_optim_wrapper(model, copy.deepcopy(config.optim_wrapper))
    loader = apis.build_loader(config, 'train', cached_frames=0)
    dataset, size = loader.dataset, loader.batch_size

    def load() -> dict:
        return loader.collate_fn([dataset[index] for index in range(size)])

    batch = model.data_preprocessor(load(), True)
    frames = size * (1 if getattr(model.head, 'key_frame_only', False) else dataset.window.num_frames)

    def forward() -> torch.Tensor:
        return model.parse_losses(model.loss(batch['inputs'], batch['data_samples']))[0]

    def step() -> None:
        optimizer.update_params(forward())

    whole = shortest_time(step, runs, _DEVICE)
    ahead = shortest_time(forward, runs, _DEVICE)
    only_update = shortest_time(lambda: _with_gradients(model, optimizer), runs, _DEVICE)
    seconds = (shortest_time(load, runs, _DEVICE), ahead, whole - ahead - only_update, only_update, whole)
    return [Path(path).stem, size, frames // size, *(1e3 * value for value in seconds), frames / whole]


def _with_gradients(model: nn.Module, optimizer) -> None:
    """Run the optimizer's part of a step on made-up gradients."""
    for parameter in _trained(model):
        parameter.grad = torch.full_like(parameter, 1e-4)
    optimizer.step()
    optimizer.zero_grad()


def _trained(model: nn.Module) -> Iterator[nn.Parameter]:
    return (parameter for parameter in model.parameters() if parameter.requires_grad)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--runs', type=int, default=5, help='the fastest counts')
    args = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        plan = SimulationPlan(train=2, val=1, test=1, num_frames=32)
        write_hupr_dataset(folder, plan, form=CompactForm(range_bins=(0, 256)))
        rows = [rows_of(path, Path(folder), args.runs) for path in args.configs]
    header = ['configuration', 'windows per batch', 'supervised frames per window', 'load, ms', 'forward, ms']
    header += ['backward, ms', 'optimizer, ms', 'step, ms', 'supervised frames per second']
    print(f'{args.threads} threads\n\n{markdown_table(header, rows)}')


if __name__ == '__main__':
    run(main)
