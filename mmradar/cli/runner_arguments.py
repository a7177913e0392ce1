"""Flags that training and testing share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from mmengine.config import Config

from mmradar.cli.config_arguments import add_config_arguments, config_from
from mmradar.engine.checkpoint import check_finite, read_checkpoint
from mmradar.errors import ConfigError


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags that training and testing share, as mmpose has them."""
    parser.add_argument('--work-dir', help='folder for logs, checkpoints and results')
    add_config_arguments(parser)
    parser.add_argument('--show-dir', help="folder for pictures of predictions, below the work directory's time stamp")
    parser.add_argument('--show', action='store_true', help='show pictures in a window')
    parser.add_argument('--interval', type=int, default=1, help='draw every so-many-th sample')
    parser.add_argument('--wait-time', type=float, default=1, help='seconds a window stays')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none', help='job launcher')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def apply_common_arguments(args: argparse.Namespace) -> Config:
    """The configuration that the common flags ask for; sets up the process group of a CPU job."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    config = config_from(args)
    config.launcher = args.launcher
    # command line > configuration > name of the configuration
    config.work_dir = args.work_dir or config.get('work_dir') or f'./work_dirs/{Path(args.config).stem}'
    if args.show or args.show_dir:
        if 'visualization' not in config.get('default_hooks', {}):
            raise ConfigError('--show and --show-dir need a `visualization` entry in default_hooks')
        check_draws(config)
        config.default_hooks.visualization.update(
            enable=True, show=args.show, out_dir=args.show_dir, interval=args.interval, wait_time=args.wait_time
        )
    if args.launcher != 'none' and not torch.cuda.is_available():
        _prepare_cpu_job(config, args.launcher)
    return config


def check_draws(config: Config) -> None:
    """Fail early, and in words, where nothing draws the samples.

    Raises:
        ConfigError: The configuration has no visualizer.
    """
    if not config.get('visualizer'):
        raise ConfigError(
            f'nothing draws the samples of {config.filename}: its `visualizer` must be a SampleVisualizer, such as '
            'RadarPoseVisualizer'
        )


def _prepare_cpu_job(config: Config, launcher: str) -> None:
    """mmengine's own set-up of a distributed job asks for a GPU in three places."""
    if launcher != 'pytorch':
        raise ConfigError(f'--launcher {launcher} needs a GPU; without one, use --launcher pytorch')
    config.env_cfg.dist_cfg = dict(backend='gloo')
    config.model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None)
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo')


def read_checkpoint_or_explain(path: str) -> None:
    """Fail early, and in words, on a file that is no checkpoint.

    Raises:
        CheckpointError: It is missing, cannot be read without running code from it, or holds NaN among its weights.
    """
    if '://' not in path:
        content = read_checkpoint(path, mmap=True)
        check_finite(content.get('state_dict', content), path)
