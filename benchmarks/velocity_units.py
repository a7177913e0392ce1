"""Compare the velocity loss in each of its units with a network's other losses, by value and gradient norm."""

from __future__ import annotations

import argparse

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from mmradar.cli import add_config_arguments, config_from, run
from mmradar.engine.checkpoint import read_checkpoint
from mmradar.models.losses import VelocityLoss
from mmradar.registry import DATASETS, MODELS

BATCH = 8
UNITS = ('image', 'px', 'body')  # those of poses in two dimensions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('config', help='configuration of a model with a query head')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('--windows', type=int, default=64, help='training windows to average over, the same every time')
    parser.add_argument('--weight', type=float, default=0.05, help='of the velocity loss')
    add_config_arguments(parser)
    args = parser.parse_args()
    config = config_from(args)
    init_default_scope('mmradar')
    dataset = DATASETS.build(config.train_dataloader.dataset)
    model = MODELS.build(config.model)
    model.load_state_dict(read_checkpoint(args.checkpoint)['state_dict'])
    model.head.losses.update({f'velocity, {unit}': VelocityLoss(args.weight, unit) for unit in UNITS})
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(0))[: args.windows].tolist()
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    sums: dict[str, list[float]] = {}
    for batch in batches:
        data = model.data_preprocessor(pseudo_collate([dataset[index] for index in batch]), training=True)
        for name, loss in model(**data, mode='loss').items():
            if name.startswith('loss_'):
                gradients = torch.autograd.grad(loss, list(model.parameters()), retain_graph=True, allow_unused=True)
                norm = torch.stack([part.norm() for part in gradients if part is not None]).norm()
                total = sums.setdefault(name.removeprefix('loss_'), [0.0, 0.0])
                total[0] += loss.item() / len(batches)
                total[1] += norm.item() / len(batches)
    print('| | loss | gradient norm over all weights |\n|---|---|---|')
    for name, (loss, norm) in sums.items():
        print(f'| {name} | {loss:.2g} | {norm:.2g} |')


if __name__ == '__main__':
    run(main)
