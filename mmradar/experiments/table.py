"""Results of a suite as one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from mmradar.cli import markdown_table
from mmradar.experiments.results import Results
from mmradar.experiments.suite import Suite

# Column heading to the metric
_METRICS = {
    'AP': 'AP',
    'AP50': 'AP50',
    'AP75': 'AP75',
    'knees': 'AP_knee',
    'ankles': 'AP_ankle',
    'elbows': 'AP_elbow',
    'wrists': 'AP_wrist',
    'error, px': 'MPJPE_px',
    'motion of knees': 'motion_explained_knee',
    'of ankles': 'motion_explained_ankle',
    'of elbows': 'motion_explained_elbow',
    'of wrists': 'motion_explained_wrist',
}
# Column heading to the field of a result and its factor
_COSTS = {
    'parameters, M': ('parameters', 1e-6),
    'GMACs': ('gmacs', 1.0),
    'memory, MiB': ('peak_memory_mib', 1.0),
    'training memory, MiB': ('training_memory_mib', 1.0),
    'ms per window': ('ms_per_window', 1.0),
    'training, min': ('training_s', 1 / 60),
}


def results_table(suite: Suite, results: Results) -> str:
    """Return a suite's results as Markdown: accuracy by group, sizes and times of all rows, what was not run.

    A cell is the mean over seeds, with the standard deviation where there are several. Rows without a result are
    listed with their commands.
    """
    results = {row.name: results.get(row.name, ()) for row in suite.rows}
    run = [row for row in suite.rows if results[row.name]]
    parts = []
    for group in dict.fromkeys(row.group for row in run):
        cells = [
            [row.name, row.paper, str(len(results[row.name])), *_metrics(results[row.name])]
            for row in run
            if row.group == group
        ]
        parts.append(f'### {group}\n\n{markdown_table(["", "paper", "n", *_METRICS], cells)}')
    if run:
        cells = [[row.name, *_costs(results[row.name])] for row in run]
        machines = sorted({result['machine'] for row in run for result in results[row.name]})
        parts.append(f'### Sizes and times\n\n{markdown_table(["", *_COSTS], cells)}\n\nOn {"; ".join(machines)}.')
    missing = [row for row in suite.rows if not results[row.name]]
    if missing:
        commands = [suite.experiment(row, suite.seeds[0], Path('work_dirs')).command() for row in missing]
        lines = '\n'.join(f'{command}  # {row.name}' for row, command in zip(missing, commands))
        parts.append(f'### Not run\n\n```bash\n{lines}\n```')
    return '\n\n'.join(parts)


def _metrics(results: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_mean(result['metrics'].get(f'coco/{name}') for result in results) for name in _METRICS.values()]


def _costs(results: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_mean(scale * result[name] for result in results) for name, scale in _COSTS.values()]


def _mean(values: Iterable[float | None]) -> str:
    """Return the mean, with the standard deviation of several values; nothing if a value is missing."""
    numbers = list(values)
    known = [value for value in numbers if value is not None]
    if len(known) < len(numbers) or not known:
        return ''
    digits = 2 if abs(mean(known)) < 2 else 1
    spread = f' ± {stdev(known):.{digits}f}' if len(known) > 1 else ''
    return f'{mean(known):.{digits}f}{spread}'
