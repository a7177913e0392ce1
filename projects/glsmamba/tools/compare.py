"""Train and test configurations one after the other, each with several seeds, and print their metrics as a table.

Without names: the single-frame network, and the GLSMamba that starts from it. What has been trained before, in the same
work directory, is only tested.

    python projects/glsmamba/tools/compare.py
    python projects/glsmamba/tools/compare.py glsmamba_small_synthetic ablations/sum --seeds 0 1
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from mmradar.cli import run
from mmradar.errors import ConfigError

PROJECT = Path(__file__).resolve().parents[1]
REPOSITORY = PROJECT.parents[1]
SMALL = ['frame_small_synthetic', 'glsmamba_small_synthetic']


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', default=SMALL, help='configurations below projects/glsmamba/configs')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0])
    parser.add_argument('--metrics', nargs='+', default=['PCK', 'posetrack/AP'], help='columns of the table')
    parser.add_argument('--data-root', type=Path, help='folder of the data set, as of tools/train.py')
    parser.add_argument('--cfg-options', nargs='*', default=[], help='for all trainings and tests, as tools/train.py')
    return parser.parse_args()


def call(*command: str | Path) -> None:
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get('PYTHONPATH')]))
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=REPOSITORY, env={**os.environ, 'PYTHONPATH': path}, stdout=sys.stderr
    )
    if done.returncode:
        raise ConfigError(f'{Path(command[0]).name} ended with status {done.returncode}; its message is above')


def train_and_test(
    name: str, seed: int, options: list[str], data_root: Path | None = None
) -> tuple[dict[str, float], float]:
    """Metrics of a configuration, and the minutes of its training."""
    config = PROJECT / 'configs' / f'{name}.py'
    if not config.is_file():
        raise ConfigError(f'no configuration {name!r} in {PROJECT / "configs"}')
    # seed 0 has the directory of tools/train.py, where other configurations look for checkpoints
    work = REPOSITORY / 'work_dirs' / (Path(name).name if seed == 0 else f'{Path(name).name}_seed{seed}')
    minutes_file = work / 'training_minutes.json'
    flags = ['--work-dir', work, *(['--data-root', data_root.resolve()] if data_root else [])]
    if not minutes_file.is_file():
        start = time.perf_counter()
        call('tools/train.py', config, *flags, '--cfg-options', f'randomness.seed={seed}', *options)
        minutes_file.write_text(json.dumps((time.perf_counter() - start) / 60))
    checkpoint = (work / 'last_checkpoint').read_text().strip()
    changes = ['--cfg-options', *options] if options else []
    call('tools/test.py', config, checkpoint, *flags, '--out', work / 'metrics.json', *changes)
    return json.loads((work / 'metrics.json').read_text()), json.loads(minutes_file.read_text())


def main() -> None:
    args = parse_args()
    rows = []
    for name in args.names:
        runs = [train_and_test(name, seed, args.cfg_options, args.data_root) for seed in args.seeds]
        missing = [metric for metric in args.metrics if metric not in runs[0][0]]
        if missing:
            raise ConfigError(f'{name} has no metric {missing[0]!r}; it has {", ".join(runs[0][0])}')
        values = np.array([[metrics[metric] for metric in args.metrics] for metrics, _ in runs])
        cells = [' / '.join(f'{value:.3g}' for value in column) for column in values.T]
        if len(runs) > 1:
            cells = [f'{mean:.3g} ({cell})' for mean, cell in zip(values.mean(axis=0), cells)]
        rows.append([name, *cells, f'{np.mean([minutes for _, minutes in runs]):.1f}'])
    header = ['configuration', *args.metrics, 'training, min']
    for row in (header, ['---'] * len(header), *rows):
        print('| ' + ' | '.join(row) + ' |')


if __name__ == '__main__':
    run(main)
