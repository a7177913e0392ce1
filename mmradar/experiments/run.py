"""One experiment: train, test, measure, and write the result."""

from __future__ import annotations

import json
import resource
from typing import Any

import torch

from mmradar.apis import test, train
from mmradar.apis.complexity import model_complexity
from mmradar.apis.inference_time import inference_time
from mmradar.apis.machine import processor
from mmradar.apis.peak_memory import peak_memory
from mmradar.atomic_write import atomic_write
from mmradar.engine.hooks import TrainingTimeHook
from mmradar.errors import DataError
from mmradar.experiments.suite import Experiment
from mmradar.version import __version__


def run_experiment(experiment: Experiment) -> dict[str, Any]:
    """Train and test one experiment, or return its result if there is one.

    A training that was interrupted resumes from its last checkpoint. The result is written when everything is done.
    The folder is marked with the experiment's fingerprint before the training begins.

    Returns:
        ``metrics`` (of the test set), ``parameters``, ``gmacs``, ``peak_memory_mib`` (inference of one window),
        ``training_memory_mib`` (the process at its largest), ``ms_per_window``, ``training_s``, ``machine``, ``name``,
        ``seed``, ``fingerprint`` and ``version``.

    Raises:
        DataError: The folder holds a training or a result of other settings.
        ConfigError: See :func:`mmradar.apis.train`.
        TrainingError: See :func:`mmradar.apis.train`.
    """
    fingerprint = experiment.fingerprint()
    if (found := read_result(experiment)) is not None:
        return found
    config = experiment.config()
    clock = TrainingTimeHook()
    train(config, work_dir=experiment.folder, resume=_begun(experiment), validate=False, hooks=[clock])
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
        ms_per_window=1e3 * inference_time(config, torch.device('cpu'), checkpoint),
        training_s=clock.seconds,
        machine=f'{processor()}, {torch.get_num_threads()} thread(s), torch {torch.__version__}',
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
    _check_fingerprint(result['fingerprint'], experiment)
    return result


def _begun(experiment: Experiment) -> bool:
    """Return whether a training was interrupted after its first checkpoint; mark the folder as this experiment's.

    Raises:
        DataError: The folder holds a training of other settings, or one without a mark.
    """
    mark, begun = experiment.folder / 'fingerprint.txt', (experiment.folder / 'last_checkpoint').is_file()
    if begun or mark.is_file():
        _check_fingerprint(mark.read_text().strip() if mark.is_file() else None, experiment)
    experiment.folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(mark) as file:
        file.write(f'{experiment.fingerprint()}\n'.encode())
    return begun


def _check_fingerprint(found: str | None, experiment: Experiment) -> None:
    if found != experiment.fingerprint():
        raise DataError(
            f'{experiment.folder} holds a training or a result of other settings than {experiment.row.name!r} has; '
            'remove the folder to run it again, or choose another --work-dir'
        )
