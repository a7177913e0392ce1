"""Train a model."""

from __future__ import annotations

import argparse

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmradar.cli import add_common_arguments, apply_common_arguments, read_checkpoint_or_explain, run
from mmradar.errors import ConfigError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from a checkpoint; without a path, from the latest in the work directory',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision (bfloat16 on a CPU)')
    parser.add_argument('--no-validate', action='store_true', help='do not evaluate during training')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate with the batch size')
    add_common_arguments(parser)
    return parser.parse_args()


def merge_args(config: Config, args: argparse.Namespace) -> Config:
    if args.no_validate:
        config.val_cfg = config.val_dataloader = config.val_evaluator = None
        config.default_hooks.checkpoint.save_best = None
    if args.amp:
        wrapper = config.optim_wrapper.get('type', 'OptimWrapper')
        if wrapper not in ('OptimWrapper', 'AmpOptimWrapper', 'CPUAmpOptimWrapper'):
            raise ConfigError(f'--amp does not go with optim_wrapper.type={wrapper!r}')
        if torch.cuda.is_available():
            config.optim_wrapper.type = 'AmpOptimWrapper'
            config.optim_wrapper.setdefault('loss_scale', 'dynamic')
        else:
            config.optim_wrapper.type = 'CPUAmpOptimWrapper'
    if args.resume:
        config.resume = True
        config.load_from = None if args.resume == 'auto' else args.resume
    if args.auto_scale_lr:
        config.auto_scale_lr.enable = True
    return config


def main() -> None:
    args = parse_args()
    config = merge_args(apply_common_arguments(args), args)
    if config.get('load_from'):
        read_checkpoint_or_explain(config.load_from)
    Runner.from_cfg(config).train()


if __name__ == '__main__':
    run(main)
