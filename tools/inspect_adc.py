"""Describe a raw radar file, report its problems, and draw its content."""

from mmradar.commands import run_command

if __name__ == '__main__':
    run_command('inspect')
