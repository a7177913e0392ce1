"""Say what a raw radar file is and what is wrong with it, and draw what it saw."""

from mmradar.commands import run_command

if __name__ == '__main__':
    run_command('inspect')
