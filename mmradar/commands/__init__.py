"""Commands of ``mmradar COMMAND``; the scripts of the same names in ``tools/`` run them."""

from mmradar.commands.dispatch import COMMANDS, main, run_command

__all__ = ['COMMANDS', 'main', 'run_command']
