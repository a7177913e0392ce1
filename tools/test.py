"""Evaluate a checkpoint."""

from mmradar.commands import run_command

if __name__ == '__main__':
    run_command('test')
