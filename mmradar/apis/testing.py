"""Testing of a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook

from mmradar.apis.runs import run_config, runner_of
from mmradar.engine.checkpoint import check_checkpoint
from mmradar.errors import ConfigError
from mmradar.published_models import weights_file


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
    """Compute the metrics of a checkpoint on a configuration's test set.

    Args:
        config: A file, a configuration in memory (it is not changed), or the name of one of the package's.
        checkpoint: File of the weights, or the name of a published model.
        work_dir: Folder for logs and pictures. Defaults to the configuration's ``work_dir``, or else to ``work_dirs/``
            and the configuration's name.
        cfg_options: Values that override those of the configuration, by dotted key.
        dump: A ``.pkl`` file to which to write the predictions.
        draw: Arguments of the ``visualization`` hook, to draw predictions.
        launcher: See :func:`~mmradar.apis.train`.
        hooks: Hooks in addition to those of the configuration.

    Returns:
        The metrics by name.

    Raises:
        ConfigError: The configuration is invalid, or does not support an argument.
        DataError: The data set has a flaw.
        CheckpointError: The checkpoint is missing, damaged or another model's.
    """
    config = run_config(config, cfg_options, work_dir, draw, launcher)
    config.load_from = weights_file(checkpoint)
    if dump:
        if not str(dump).endswith(('.pkl', '.pickle')):
            raise ConfigError(f'--dump wants a .pkl file, found {dump}')
        evaluators = config.test_evaluator
        evaluators = evaluators if isinstance(evaluators, (list, tuple)) else [evaluators]
        config.test_evaluator = [*evaluators, dict(type='DumpResults', out_file_path=str(dump))]
    check_checkpoint(config.load_from)
    with runner_of(config, hooks) as runner:
        return runner.test()
