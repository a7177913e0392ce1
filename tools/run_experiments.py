"""Train and test the configurations of a suite, and print one table.

    python tools/run_experiments.py configs/suites/paper.py --data-root data/simhupr --jobs 2

Experiments with a result, in the work folder or in the .json of --out, are not run again, and interrupted trainings
resume. --only and --seed choose what is run; the table has all results. With --slurm, each experiment is a SLURM job
(`pip install submitit`).

A result is kept for its settings, wherever --data-root finds the data set. Another data set needs a --work-dir and an
--out of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from mmradar.atomic_write import atomic_write
from mmradar.cli import run
from mmradar.errors import ConfigError
from mmradar.experiments import (
    Experiment,
    Suite,
    check_stored,
    read_results,
    read_suite,
    results_of,
    results_table,
    run_experiment,
    stored_result,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('suite', help='file of the suite')
    parser.add_argument('--data-root', help='where the data set of all rows lies, if not where the suite says')
    parser.add_argument(
        '--work-dir', type=Path, default=Path('work_dirs'), help='parent of the results (default: work_dirs)'
    )
    parser.add_argument('--jobs', type=int, default=1, help='trainings at a time, one thread each (default: 1)')
    parser.add_argument('--only', nargs='+', help='names of the rows to run')
    parser.add_argument('--seed', type=int, help='the only seed to run')
    parser.add_argument('--dry-run', action='store_true', help='print the commands')
    parser.add_argument('--table', action='store_true', help='run nothing; print the table of the results so far')
    parser.add_argument('--slurm', help="run as SLURM jobs, with submitit's parameters as key=value,key=value")
    parser.add_argument(
        '--out', type=Path, help='Markdown file for the table; results are kept in a .json next to it, over all runs'
    )
    args = parser.parse_args()
    suite = replace(read_suite(args.suite), data_root=args.data_root)
    stored = read_results(args.out.with_suffix('.json')) if args.out else {}
    check_stored(suite, stored)
    experiments = _chosen(suite, args)
    waiting = [each for each in experiments if not (each.result_file.is_file() or stored_result(each, stored))]
    if args.dry_run:
        for experiment in experiments:
            state = experiment.command() if experiment in waiting else 'done'
            print(f'{experiment.row.name}, seed {experiment.seed}: {state}')
        return
    if args.table:
        waiting = []
    if args.slurm is not None:
        _submit(waiting, args.slurm, args.work_dir)
    elif args.jobs == 1 or len(waiting) == 1:
        for experiment in waiting:
            run_experiment(experiment)
    elif waiting:
        _run_in_processes(waiting, args)
    results = results_of(suite, args.work_dir, stored)
    table = results_table(suite, results)
    print(table)
    if args.out:
        for path, text in ((args.out, table + '\n'), (args.out.with_suffix('.json'), json.dumps(results, indent=1))):
            with atomic_write(path) as file:
                file.write(text.encode())


def _chosen(suite: Suite, args: argparse.Namespace) -> list[Experiment]:
    """Return the experiments of the suite that --only and --seed name.

    Raises:
        ConfigError: A name is not a row's, or the seed is not one of the suite's.
    """
    names = {row.name for row in suite.rows}
    if unknown := set(args.only or ()) - names:
        raise ConfigError(f'no row {min(unknown)!r}; the suite has {", ".join(sorted(names))}')
    if args.seed is not None and args.seed not in suite.seeds:
        raise ConfigError(f'no seed {args.seed}; the suite has {", ".join(map(str, suite.seeds))}, its `seeds`')
    only, seeds = set(args.only or names), {args.seed} if args.seed is not None else set(suite.seeds)
    return [each for each in suite.experiments(args.work_dir) if each.row.name in only and each.seed in seeds]


def _run_in_processes(experiments: list[Experiment], args: argparse.Namespace) -> None:
    """Run experiments in processes of one thread each; the first that fails stops those that have not begun.

    Raises:
        ConfigError: An experiment failed; the message names its log.
    """
    environment = {**os.environ, 'OMP_NUM_THREADS': os.environ.get('OMP_NUM_THREADS', '1')}

    def start(experiment: Experiment) -> None:
        command = [sys.executable, __file__, args.suite, '--only', experiment.row.name, '--seed', str(experiment.seed)]
        command += ['--work-dir', str(args.work_dir), *(['--data-root', args.data_root] if args.data_root else [])]
        experiment.folder.mkdir(parents=True, exist_ok=True)
        log = experiment.folder / 'log.txt'
        with open(log, 'ab') as file:
            done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=environment)
        if done.returncode:
            raise ConfigError(f'{experiment.row.name}, seed {experiment.seed}, failed: see {log}')

    with ThreadPoolExecutor(args.jobs) as pool:
        futures = [pool.submit(start, experiment) for experiment in experiments]
        try:
            for future in futures:
                future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _submit(experiments: list[Experiment], parameters: str, work_dir: Path) -> None:
    """Run experiments as SLURM jobs, and wait for them.

    Raises:
        ConfigError: submitit is not installed, or the parameters are not key=value.
    """
    try:
        import submitit
    except ImportError as error:
        raise ConfigError('--slurm needs submitit: pip install submitit') from error
    pairs = [pair.partition('=') for pair in parameters.split(',') if pair]
    if not all(sign and value for _, sign, value in pairs):
        raise ConfigError(f'--slurm takes key=value,key=value, found {parameters!r}')
    executor = submitit.AutoExecutor(folder=work_dir / 'slurm')
    executor.update_parameters(**{key: int(value) if value.isdigit() else value for key, _, value in pairs})
    for job in [executor.submit(run_experiment, experiment) for experiment in experiments]:
        job.result()


if __name__ == '__main__':
    run(main)
