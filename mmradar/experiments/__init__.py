"""Suites of experiments: configurations and seeds, trained and tested one after the other, in one table and figure."""

from mmradar.experiments.figure import figure_digest, results_figure
from mmradar.experiments.page import figures_of, fill_in_results, stored_figure, stored_table
from mmradar.experiments.results import check_stored, read_results, results_of, stored_result
from mmradar.experiments.run import run_experiment
from mmradar.experiments.suite import Experiment, Row, Suite, read_suite
from mmradar.experiments.table import results_table

__all__ = [
    'Experiment',
    'Row',
    'Suite',
    'check_stored',
    'figure_digest',
    'figures_of',
    'fill_in_results',
    'read_results',
    'read_suite',
    'results_figure',
    'results_of',
    'results_table',
    'run_experiment',
    'stored_figure',
    'stored_result',
    'stored_table',
]
