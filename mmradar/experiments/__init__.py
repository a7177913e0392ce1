"""Suites of experiments: configurations and seeds, trained and tested one after the other, in one table."""

from mmradar.experiments.page import fill_in_results, stored_table
from mmradar.experiments.results import check_stored, read_results, results_of, stored_result
from mmradar.experiments.run import run_experiment
from mmradar.experiments.suite import Experiment, Row, Suite, read_suite
from mmradar.experiments.table import results_table

__all__ = [
    'Experiment',
    'Row',
    'Suite',
    'check_stored',
    'fill_in_results',
    'read_results',
    'read_suite',
    'results_of',
    'results_table',
    'run_experiment',
    'stored_result',
    'stored_table',
]
