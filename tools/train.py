"""Train a model."""

from mmradar.commands import run_command

if __name__ == '__main__':
    run_command('train')
