"""What the scripts share: errors as messages, progress, flags that become configuration, files to write."""

from mmradar.cli.config_arguments import add_config_arguments, config_from
from mmradar.cli.output_files import check_output_file, check_picture_file, write_metrics
from mmradar.cli.progress import progress_bar
from mmradar.cli.radar_arguments import add_radar_argument, radar_from
from mmradar.cli.runner_arguments import (
    add_common_arguments,
    apply_common_arguments,
    check_draws,
    read_checkpoint_or_explain,
)
from mmradar.cli.running import run

__all__ = [
    'add_common_arguments',
    'add_config_arguments',
    'add_radar_argument',
    'apply_common_arguments',
    'check_draws',
    'check_output_file',
    'check_picture_file',
    'config_from',
    'progress_bar',
    'radar_from',
    'read_checkpoint_or_explain',
    'run',
    'write_metrics',
]
