"""Code shared by the scripts: error messages, progress, options that become configuration, output files.

Scripts import this package before they know whether there is anything to do. So it imports neither torch nor mmpose;
modules that need them are imported by their own names: :mod:`mmradar.cli.radar_arguments` and ``progress_hook``.
"""

from mmradar.cli.config_arguments import add_config_arguments, config_from
from mmradar.cli.lifter_arguments import add_lifter_arguments, lifter_from
from mmradar.cli.log_files import output_to
from mmradar.cli.model_arguments import trained_model
from mmradar.cli.numbers import PORT, integer, not_negative
from mmradar.cli.output_files import check_output_file, check_picture_file, write_metrics
from mmradar.cli.presence_arguments import add_presence_argument
from mmradar.cli.process_group import end_process_group
from mmradar.cli.progress import progress_bar
from mmradar.cli.runner_arguments import add_runner_arguments, runner_options
from mmradar.cli.running import run
from mmradar.cli.tables import markdown_table, metric_lines, percent_change

__all__ = [
    'PORT',
    'add_config_arguments',
    'add_lifter_arguments',
    'add_presence_argument',
    'add_runner_arguments',
    'check_output_file',
    'check_picture_file',
    'config_from',
    'end_process_group',
    'integer',
    'lifter_from',
    'markdown_table',
    'metric_lines',
    'not_negative',
    'output_to',
    'percent_change',
    'progress_bar',
    'run',
    'runner_options',
    'trained_model',
    'write_metrics',
]
