"""Training of a configuration's model."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from torch import nn

from mmradar.apis.runs import run_config, runner_of
from mmradar.engine.checkpoint import check_checkpoint, latest_checkpoint
from mmradar.errors import ConfigError
from mmradar.published_models import weights_file


def train(
    config: str | Path | Config,
    *,
    work_dir: str | Path | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    resume: bool | str | Path = False,
    amp: bool = False,
    validate: bool = True,
    auto_scale_lr: bool = False,
    draw: Mapping[str, Any] | None = None,
    launcher: str = 'none',
    hooks: Iterable[Hook] = (),
) -> nn.Module:
    """Train a configuration's model, and write checkpoints and logs to its work directory.

    The configuration's ``load_from``, a checkpoint or the name of a published model, gives the weights to start from.

    Args:
        config: A file, a configuration in memory (it is not changed), or the name of one of the package's.
        work_dir: Folder for logs and checkpoints; the file ``last_checkpoint`` in it names the latest. Defaults to the
            configuration's ``work_dir``, or else to ``work_dirs/`` and the configuration's name.
        cfg_options: Values that override those of the configuration, by dotted key.
        resume: Checkpoint from which to resume; ``True`` for the latest in the work directory. Without one there, the
            training starts as if it were false.
        amp: Train in mixed precision, on a CPU with bfloat16.
        validate: Evaluate during the training.
        auto_scale_lr: Scale the learning rate with the batch size.
        draw: Arguments of the ``visualization`` hook, to draw predictions of the validations.
        launcher: Launcher of distributed training: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
        hooks: Hooks in addition to those of the configuration.

    Returns:
        The model with its last weights.

    Raises:
        ConfigError: The configuration is invalid, or does not support an argument.
        DataError: The data set has a flaw.
        CheckpointError: The checkpoint to start from is missing, damaged or another model's.
        TrainingError: The training diverged to numbers that are NaN or infinite.
    """
    config = run_config(config, cfg_options, work_dir, draw, launcher)
    if not validate:
        config.val_cfg = config.val_dataloader = config.val_evaluator = None
        if config.default_hooks.get('checkpoint'):
            config.default_hooks.checkpoint.save_best = None
    if (amp or auto_scale_lr) and not config.optim_wrapper:
        raise ConfigError(
            '--amp and --auto-scale-lr concern an optimizer, and this configuration has none: its model is fitted in '
            'one pass'
        )
    if amp:
        _use_mixed_precision(config)
    if resume := resume or _resumed_by(config):
        checkpoint = latest_checkpoint(config.work_dir) if resume is True else weights_file(resume)
        config.resume = checkpoint is not None  # before the first one, the training starts from `load_from`
        config.load_from = str(checkpoint) if checkpoint else config.get('load_from')
    if auto_scale_lr:
        if not config.get('auto_scale_lr'):
            raise ConfigError(
                '--auto-scale-lr: the configuration has no auto_scale_lr=dict(base_batch_size=...), the batch size '
                'that its learning rate is meant for'
            )
        config.auto_scale_lr.enable = True
    if config.get('load_from'):
        config.load_from = weights_file(config.load_from)
        check_checkpoint(config.load_from, resumed=bool(config.get('resume')))
    _check_best(config)
    with _cores_left_for(config.train_dataloader.get('num_workers', 0)), runner_of(config, hooks) as runner:
        return runner.train()


def _resumed_by(config: Config) -> bool | str:
    """Return what a configuration resumes from: ``True`` for the latest checkpoint of its work directory.

    A dumped configuration names the checkpoint from which its run was resumed, and there may be later ones since.
    """
    given = config.get('load_from')
    if not config.get('resume') or not given:
        return bool(config.get('resume'))
    return Path(given).resolve().parent == Path(config.work_dir).resolve() or str(given)


def _check_best(config: Config) -> None:
    """Raise if the checkpoint with the largest error would be kept as the best one."""
    settings = config.default_hooks.get('checkpoint') or {}
    best = settings.get('save_best') or []
    errors = [name for name in ([best] if isinstance(best, str) else best) if re.search('MPJPE|MPJVE|MPVE|EPE', name)]
    if errors and settings.get('rule') == 'greater':
        raise ConfigError(
            f"default_hooks.checkpoint.save_best={best!r}: {errors[0]} is an error, of which rule='greater' would keep "
            "the largest; set rule='less' too" + ('' if isinstance(best, str) else ', or a list of rules, one for each')
        )


@contextmanager
def _cores_left_for(loading_processes: int) -> Iterator[None]:
    """Use fewer torch threads on a CPU, so that each loading process has a core to itself.

    torch's threads wait for each other, so that a single late one slows down all of them. If ``OMP_NUM_THREADS`` is
    set, nothing changes.
    """
    threads = torch.get_num_threads()
    if not torch.cuda.is_available() and 'OMP_NUM_THREADS' not in os.environ:
        torch.set_num_threads(max(1, threads - loading_processes))
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _use_mixed_precision(config: Config) -> None:
    """Select the optimizer wrapper of mixed precision on this machine.

    Raises:
        ConfigError: The configuration has an optimizer wrapper of another kind.
    """
    wrapper = config.optim_wrapper.get('type', 'OptimWrapper')
    if wrapper not in ('OptimWrapper', 'AmpOptimWrapper', 'CPUAmpOptimWrapper'):
        raise ConfigError(f'--amp does not go with optim_wrapper.type={wrapper!r}')
    if torch.cuda.is_available():
        config.optim_wrapper.type = 'AmpOptimWrapper'
        config.optim_wrapper.setdefault('loss_scale', 'dynamic')
    else:
        config.optim_wrapper.type = 'CPUAmpOptimWrapper'
