"""Test a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook

from mmradar.apis.runs import build_runner, run_config
from mmradar.engine.checkpoint import check_checkpoint
from mmradar.errors import ConfigError


def test(
    config: str | Path | Config,
    checkpoint: str | Path,
    *,
    work_dir: str | Path | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    dump: str | Path | None = None,
    draw: Mapping[str, Any] | None = None,
    launcher: str = 'none',
    hooks: Iterable[Hook] = (),
) -> dict[str, float]:
    """Metrics of a checkpoint on a configuration's test set.

    Args:
        config: As of :func:`~mmradar.apis.train`.
        checkpoint: File of the weights.
        work_dir: Folder for logs and pictures; if not given, the configuration's, or ``work_dirs/`` and its name.
        cfg_options: What to change in the configuration, by dotted key.
        dump: A ``.pkl`` file for the predictions.
        draw: Arguments of the ``visualization`` hook, to draw predictions.
        launcher: As of :func:`~mmradar.apis.train`.
        hooks: Beside those of the configuration.

    Raises:
        ConfigError: The configuration, or what is asked of it, cannot be.
        DataError: The data set has a flaw.
        CheckpointError: The checkpoint is missing, damaged or another model's.
    """
    config = run_config(config, cfg_options, work_dir, draw, launcher)
    config.load_from = str(checkpoint)
    if dump:
        if not str(dump).endswith(('.pkl', '.pickle')):
            raise ConfigError(f'--dump wants a .pkl file, found {dump}')
        evaluators = config.test_evaluator if isinstance(config.test_evaluator, list) else [config.test_evaluator]
        config.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=str(dump))]
    check_checkpoint(config.load_from)
    return build_runner(config, hooks).test()
