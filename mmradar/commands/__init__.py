"""What ``mmradar COMMAND`` does; the scripts of the same name in ``tools/`` are these."""

from mmradar.commands.dispatch import COMMANDS, main, run_command

__all__ = ['COMMANDS', 'main', 'run_command']
