"""Steps common to training and testing, from a configuration to mmengine's ``Runner``."""

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

_runs = itertools.count(1)  # numbers the runs of this process


def run_config(
    config: str | Path | Config,
    cfg_options: Mapping[str, Any] | None,
    work_dir: str | Path | None,
    draw: Mapping[str, Any] | None,
    launcher: str,
) -> Config:
    """Prepare the configuration of a run, and the process group if it is a distributed job on CPUs.

    For the arguments, see :func:`~mmradar.apis.train`.
    """
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
    """Build a runner with its own log and visualizer, and shut down its loaders' workers on exit.

    mmengine keeps logs and visualizers by name until the process ends, and derives the name from the time in seconds:
    a test right after a training would write to the training's files. It also keeps the workers of loaders as long as
    the runner; here they end with the ``with`` block.

    Args:
        config: A prepared configuration, see :func:`run_config`; of the second and later runs its names are changed.
        hooks: Hooks in addition to those of the configuration.
    """
    number = next(_runs)
    if number > 1:
        config.experiment_name = f'{config.get("experiment_name") or _stem(config)}_run{number}'
        if config.get('visualizer'):
            config.visualizer.name = config.experiment_name
    runner = RUNNERS.build(config)  # pyright: ignore[reportArgumentType] - mmengine's annotation lacks Config
    for hook in hooks:
        runner.register_hook(hook)
    try:
        yield runner
    finally:
        for loop in (runner._train_loop, runner._val_loop, runner._test_loop):
            if isinstance(loop, BaseLoop):
                # otherwise the garbage collector frees the workers' queues first, and torch waits 5 s for each worker
                loop.dataloader._iterator = None


def _stem(config: Config) -> str:
    return Path(config.filename or 'config').stem


def _prepare_cpu_job(config: Config, launcher: str) -> None:
    """Set up a distributed job on CPUs, because mmengine's own set-up requires a GPU in three places.

    Raises:
        ConfigError: The launcher works only with GPUs.
    """
    if launcher != 'pytorch':
        raise ConfigError(f'--launcher {launcher} needs a GPU; without one, use --launcher pytorch')
    config.env_cfg.dist_cfg = dict(backend='gloo')
    config.model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None)
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo')
