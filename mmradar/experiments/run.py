"""One experiment: train, test, measure, and write the result."""

from __future__ import annotations

import json
import platform
import resource
import time
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmradar.apis import init_model, test, train
from mmradar.apis.complexity import heatmap_shape, model_complexity
from mmradar.apis.peak_memory import peak_memory
from mmradar.atomic_write import atomic_write
from mmradar.errors import DataError
from mmradar.experiments.suite import Experiment
from mmradar.version import __version__


def run_experiment(experiment: Experiment) -> dict[str, Any]:
    """Train and test one experiment, or return its result if there is one.

    A training that was interrupted resumes from its last checkpoint. The result is written when everything is done.

    Returns:
        ``metrics`` (of the test set), ``parameters``, ``gmacs``, ``peak_memory_mib`` (inference of one window),
        ``training_memory_mib`` (the process at its largest), ``ms_per_window``, ``training_s``, ``machine``, ``name``,
        ``seed``, ``fingerprint`` and ``version``.

    Raises:
        DataError: The folder holds the result of other settings.
        ConfigError: See :func:`mmradar.apis.train`.
        TrainingError: See :func:`mmradar.apis.train`.
    """
    fingerprint = experiment.fingerprint()
    if (found := read_result(experiment)) is not None:
        return found
    config = experiment.config()
    started = time.perf_counter()
    train(config, work_dir=experiment.folder, resume=(experiment.folder / 'last_checkpoint').is_file(), validate=False)
    training_s = time.perf_counter() - started
    checkpoint = (experiment.folder / 'last_checkpoint').read_text().strip()
    # of the trained model, because the size of one without a network depends on the training set
    complexity, memory = model_complexity(config, checkpoint), peak_memory(config, torch.device('cpu'), checkpoint)
    result = dict(
        name=experiment.row.name,
        seed=experiment.seed,
        fingerprint=fingerprint,
        version=__version__,
        metrics=test(config, checkpoint, work_dir=experiment.folder),
        parameters=complexity.parameters,
        gmacs=complexity.total_macs / 1e9,
        peak_memory_mib=memory.total / 2**20,
        training_memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
        ms_per_window=_ms_per_window(config, checkpoint),
        training_s=training_s,
        machine=f'{_processor()}, {torch.get_num_threads()} thread(s), torch {torch.__version__}',
    )
    with atomic_write(experiment.result_file) as file:
        file.write(json.dumps(result, indent=1).encode())
    return result


def read_result(experiment: Experiment) -> dict[str, Any] | None:
    """Return an experiment's result, ``None`` if it has none yet.

    Raises:
        DataError: The result is of other settings than the experiment's.
    """
    if not experiment.result_file.is_file():
        return None
    result = json.loads(experiment.result_file.read_text())
    if result['fingerprint'] != experiment.fingerprint():
        raise DataError(
            f'{experiment.result_file} is the result of other settings than {experiment.row.name!r} has; remove '
            'the folder to run it again, or choose another --work-dir'
        )
    return result


def _ms_per_window(config: Config, checkpoint: str, runs: int = 10) -> float:
    """Return the shortest time of a forward pass of one window on this machine, in ms."""
    model = init_model(config, checkpoint)
    inputs = torch.randn(1, *heatmap_shape(config))
    times = []
    with torch.no_grad():
        for _ in range(runs + 1):
            started = time.perf_counter()
            model(inputs, None, mode='tensor')
            times.append(time.perf_counter() - started)
    return 1e3 * min(times[1:])


def _processor() -> str:
    path = Path('/proc/cpuinfo')
    names = path.read_text().splitlines() if path.is_file() else []
    models = [line.partition(':')[2].strip() for line in names if line.startswith('model name')]
    return models[0] if models else platform.processor() or platform.machine()
