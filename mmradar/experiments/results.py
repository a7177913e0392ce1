"""Results of a suite: those in its folder of work, and those that other runs left in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmradar.errors import DataError
from mmradar.experiments.run import read_result
from mmradar.experiments.suite import Experiment, Suite

Results = Mapping[str, Sequence[Mapping[str, Any]]]


def read_results(path: Path) -> Results:
    """Return the results in a JSON file, by the name of the row; none if there is no such file.

    Raises:
        DataError: The file does not hold results.
    """
    if not path.is_file():
        return {}
    try:
        results = json.loads(path.read_text())
        fields = [result.keys() for row in results.values() for result in row]
    except (ValueError, AttributeError, TypeError) as error:
        raise DataError(f'{path} does not hold results by row: {error}') from error
    if missing := [name for name in ('seed', 'fingerprint') if any(name not in each for each in fields)]:
        raise DataError(f'{path}: a result has no {missing[0]}; tools/run_experiments.py --out writes such files')
    return results


def check_stored(suite: Suite, stored: Results) -> None:
    """Check that stored results are a suite's own, because those that are not would be lost from its table.

    Raises:
        DataError: A result is of a row or a seed that the suite does not have, or of other settings.
    """
    experiments = {(each.row.name, each.seed): each for each in suite.experiments(Path())}
    for name, results in stored.items():
        for result in results:
            experiment = experiments.get((name, result['seed']))
            if experiment is None or experiment.fingerprint() != result['fingerprint']:
                wrong = (
                    'which the suite does not have' if experiment is None else 'of other settings than the suite has'
                )
                raise DataError(
                    f'the stored results have {name!r}, seed {result["seed"]}, {wrong}; move the file to begin a new '
                    'one, or remove this result from it'
                )


def stored_result(experiment: Experiment, stored: Results) -> Mapping[str, Any] | None:
    """Return an experiment's result among stored ones, ``None`` if there is none."""
    results = stored.get(experiment.row.name, ())
    return next((result for result in results if result['seed'] == experiment.seed), None)


def results_of(suite: Suite, work_dir: Path, stored: Results | None = None) -> dict[str, list[Mapping[str, Any]]]:
    """Return the results that a suite has so far, by the name of the row.

    Args:
        suite: The suite.
        work_dir: Parent of the folders of its experiments.
        stored: Results of other runs, see :func:`check_stored`, for experiments that have none in ``work_dir``.

    Raises:
        DataError: A result in ``work_dir`` is of other settings than the suite's.
    """
    found: dict[str, list[Mapping[str, Any]]] = {row.name: [] for row in suite.rows}
    for experiment in suite.experiments(work_dir):
        result = read_result(experiment) or stored_result(experiment, stored or {})
        if result is not None:
            found[experiment.row.name].append(result)
    return found
