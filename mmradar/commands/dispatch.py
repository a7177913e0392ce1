"""Dispatch of a command line to one of the commands."""

from __future__ import annotations

import argparse
import importlib
import sys
from types import ModuleType

from mmradar.cli import run
from mmradar.version import __version__

# In the order in which a user meets them. Each is a module of this package: ``add_arguments(parser)``, ``main(args)``.
# The module imports what its options need, and ``main`` the rest: importing mmradar.apis takes seconds, and a help or a
# mistyped option should not wait for it.
COMMANDS = {
    'infer': 'predict the poses of a recording: video, pictures, COCO JSON',
    'live': 'show poses from boards that are recording, on a web page',
    'replay': 'send a recording over the network as boards would',
    'models': 'list the models that come with the package',
    'simulate': 'simulate recordings of people in front of two radars',
    'train': 'train a model',
    'test': 'evaluate a checkpoint',
    'export': "write a model as ONNX or as torch's exported program",
    'inspect': 'describe a raw radar file and report its problems',
}


def main() -> None:
    """Run ``mmradar COMMAND ...``."""
    lines = '\n'.join(f'  {name:<10}{what}' for name, what in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog='mmradar',
        description='Human pose estimation from millimetre-wave radar.',
        epilog=f'commands:\n{lines}\n\nmmradar COMMAND --help lists the options of a command.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--version', action='version', version=f'mmradar {__version__}')
    parser.add_argument('command', choices=COMMANDS, metavar='COMMAND')
    args = parser.parse_args(sys.argv[1:2] or ['--help'])
    run_command(args.command, sys.argv[2:], prog=f'mmradar {args.command}')


def run_command(name: str, arguments: list[str] | None = None, prog: str | None = None) -> None:
    """Run a command; an error that the user can fix ends it with only its message.

    Args:
        name: One of ``COMMANDS``.
        arguments: Arguments of the command; those of the command line if ``None``.
        prog: Program name that the help shows; the script's name if ``None``.
    """
    run(lambda: _run(importlib.import_module(f'mmradar.commands.{name}'), arguments, prog))


def _run(command: ModuleType, arguments: list[str] | None, prog: str | None) -> None:
    parser = argparse.ArgumentParser(
        prog=prog, description=command.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_arguments(parser)
    command.main(parser.parse_intermixed_args(arguments))  # an optional file may follow an option
