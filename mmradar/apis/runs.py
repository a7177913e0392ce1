"""What a training and a test have in common: a configuration becomes mmengine's ``Runner``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner

from mmradar.apis.drawing import draw_predictions
from mmradar.apis.models import read_config
from mmradar.errors import ConfigError
from mmradar.registry import RUNNERS

_runs = itertools.count(1)  # of this process


def run_config(
    config: str | Path | Config,
    cfg_options: Mapping[str, Any] | None,
    work_dir: str | Path | None,
    draw: Mapping[str, Any] | None,
    launcher: str,
) -> Config:
    """The configuration of a run; sets up the process group of a CPU job. For the arguments see :func:`train`."""
    config = read_config(config, cfg_options)
    config.launcher = launcher
    # argument > configuration > name of the configuration
    config.work_dir = str(work_dir or config.get('work_dir') or f'./work_dirs/{_stem(config)}')
    if draw is not None:
        draw_predictions(config, draw)
    if launcher != 'none' and not torch.cuda.is_available():
        _prepare_cpu_job(config, launcher)
    return config


@contextmanager
def runner_of(config: Config, hooks: Iterable[Hook] = ()) -> Iterator[Runner]:
    """A runner with hooks beside those of its configuration, and with a log and a visualizer of its own.

    mmengine keeps these by name for as long as the process lives, and a name lasts for a second: a test right after a
    training would write to the training's files. It keeps loaders' workers as long as the runner, too; here they end
    with the ``with`` block.
    """
    number = next(_runs)
    if number > 1:
        config.experiment_name = f'{config.get("experiment_name") or _stem(config)}_run{number}'
        if config.get('visualizer'):
            config.visualizer.name = config.experiment_name
    runner = RUNNERS.build(config)
    for hook in hooks:
        runner.register_hook(hook)
    try:
        yield runner
    finally:
        for loop in (runner._train_loop, runner._val_loop, runner._test_loop):
            if isinstance(loop, BaseLoop):
                # left to the garbage collector, which takes their queues first, torch waits 5 s for each worker
                loop.dataloader._iterator = None


def _stem(config: Config) -> str:
    return Path(config.filename or 'config').stem


def _prepare_cpu_job(config: Config, launcher: str) -> None:
    """mmengine's own set-up of a distributed job asks for a GPU in three places."""
    if launcher != 'pytorch':
        raise ConfigError(f'--launcher {launcher} needs a GPU; without one, use --launcher pytorch')
    config.env_cfg.dist_cfg = dict(backend='gloo')
    config.model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None)
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo')
