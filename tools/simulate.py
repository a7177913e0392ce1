"""Simulate a two-radar data set in HuPR's layout on disk."""

from mmradar.commands import run_command

if __name__ == '__main__':
    run_command('simulate')
