"""Train and test configurations one after the other, each with several seeds, and print their metrics as a table.

Without names, it runs the single-frame network and the GLSMamba that starts from it. Configurations that this command
has trained already, with the same settings, are only tested.

    python projects/glsmamba/tools/compare.py
    python projects/glsmamba/tools/compare.py glsmamba_small_synthetic ablations/sum --seeds 0 1
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config, DictAction

from mmradar.apis import test, train
from mmradar.apis.config_options import walk
from mmradar.apis.configuration import load_config
from mmradar.apis.data_folders import set_data_root
from mmradar.cli import markdown_table, run
from mmradar.engine.checkpoint import config_text, latest_checkpoint
from mmradar.errors import ConfigError

PROJECT = Path(__file__).resolve().parents[1]
REPOSITORY = PROJECT.parents[1]
SMALL = ['frame_small_synthetic', 'glsmamba_small_synthetic']
RECORD = 'compare.json'  # of a finished training, in its work directory
OF_TRAINING = ('model', 'train_dataloader', 'optim_wrapper', 'param_scheduler', 'train_cfg', 'randomness', 'load_from')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', default=SMALL, help='configurations below projects/glsmamba/configs')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0])
    parser.add_argument('--metrics', nargs='+', default=['posetrack/AP'], help='columns of the table')
    parser.add_argument('--data-root', type=Path, help='folder of the data set, as in tools/train.py')
    parser.add_argument(
        '--cfg-options',
        nargs='*',
        action=DictAction,
        default={},
        help='overrides for all trainings and tests, as in tools/train.py',
    )
    return parser.parse_args()


def train_and_test(
    name: str, seed: int, options: dict[str, Any], data_root: Path | None = None
) -> tuple[dict[str, float], float]:
    """Return the metrics of a configuration and the minutes of its training."""
    file = PROJECT / 'configs' / f'{name}.py'
    if not file.is_file():
        raise ConfigError(f'no configuration {name!r} in {PROJECT / "configs"}')
    # seed 0 uses the directory of tools/train.py, where other configurations look for checkpoints
    work = REPOSITORY / 'work_dirs' / (Path(name).name if seed == 0 else f'{Path(name).name}_seed{seed}')
    config = read(file, {**options, 'randomness.seed': seed}, data_root)
    record, settings = work / RECORD, training_settings(config)
    if record.is_file():
        made = json.loads(record.read_text())
        check_training(made, settings, work)
    elif (work / 'last_checkpoint').is_file():
        raise ConfigError(f'{work} has a training that compare.py did not make; rename or remove the folder')
    else:
        start = time.perf_counter()
        train(config, work_dir=work)
        minutes = (time.perf_counter() - start) / 60
        made = dict(minutes=minutes, settings=settings, checkpoint_sha256=sha256_of_checkpoint(work))
        record.write_text(json.dumps(made))
    metrics = test(read(file, options, data_root), latest_checkpoint(work), work_dir=work)
    return metrics, made['minutes']


def training_settings(config: Config) -> dict[str, Any]:
    """Return what a training depends on, by dotted names."""
    settings = json.loads(config_text(config))
    named = ((name, value) for key in OF_TRAINING if key in settings for name, value in walk(settings[key], key))
    return {
        name: value
        for name, value in named
        if not name.startswith('model.test_cfg.') and not (isinstance(value, (dict, list)) and value)
    }


def check_training(made: dict[str, Any], wanted: dict[str, Any], work: Path) -> None:
    """Raise a ``ConfigError`` if a finished training had other settings, or its checkpoint was replaced."""
    stored = made['settings']
    other = [name for name in {**stored, **wanted} if stored.get(name) != wanted.get(name)]
    if other:
        changes = ', '.join(f'{name} = {stored.get(name)}, not {wanted.get(name)}' for name in other[:3])
        raise ConfigError(f'{work} has a training with other settings ({changes}); rename or remove the folder')
    if made['checkpoint_sha256'] != sha256_of_checkpoint(work):
        raise ConfigError(f'{work} has a later training, which compare.py did not make; rename or remove the folder')


def sha256_of_checkpoint(work: Path) -> str | None:
    checkpoint = latest_checkpoint(work)
    return hashlib.sha256(checkpoint.read_bytes()).hexdigest() if checkpoint and checkpoint.is_file() else None


def read(file: Path, options: dict[str, Any], data_root: Path | None) -> Config:
    config = load_config(str(file), options)
    for note in set_data_root(config, str(data_root)) if data_root else []:
        print(f'Note: {note}', file=sys.stderr)
    return config


def main() -> None:
    args = parse_args()
    data_root = args.data_root.resolve() if args.data_root else None
    os.chdir(REPOSITORY)  # paths in configurations are relative to it
    rows = []
    for name in args.names:
        with redirect_stdout(sys.stderr):
            runs = [train_and_test(name, seed, args.cfg_options, data_root) for seed in args.seeds]
        missing = [metric for metric in args.metrics if metric not in runs[0][0]]
        if missing:
            raise ConfigError(f'{name} has no metric {missing[0]!r}; it has {", ".join(runs[0][0])}')
        values = np.array([[metrics[metric] for metric in args.metrics] for metrics, _ in runs])
        cells = [' / '.join(f'{value:.3g}' for value in column) for column in values.T]
        if len(runs) > 1:
            cells = [f'{mean:.3g} ({cell})' for mean, cell in zip(values.mean(axis=0), cells)]
        rows.append([name, *cells, f'{np.mean([minutes for _, minutes in runs]):.1f}'])
    print(markdown_table(['configuration', *args.metrics, 'training, min'], rows))


if __name__ == '__main__':
    run(main)
