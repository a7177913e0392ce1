"""``mmradar COMMAND``"""

import importlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import REPOSITORY
from mmradar.apis.exporting import FORMATS
from mmradar.commands import COMMANDS, export, main
from mmradar.commands.dispatch import _run


def mmradar(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['mmradar', *map(str, arguments)])
    main()


def test_help_names_every_command(monkeypatch, capsys):
    for arguments in ((), ('--help',)):
        with pytest.raises(SystemExit) as stopped:
            mmradar(monkeypatch, *arguments)
        out = capsys.readouterr().out
        assert stopped.value.code == 0 and all(f'  {name} ' in out for name in COMMANDS)


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_has_a_help_of_its_own(name, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stopped:
        mmradar(monkeypatch, name, '--help')
    out, first_line = (
        capsys.readouterr().out,
        importlib.import_module(f'mmradar.commands.{name}').__doc__.split('\n')[0],
    )
    assert stopped.value.code == 0 and f'usage: mmradar {name}' in out and first_line in out


def test_an_unknown_command_is_refused(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        mmradar(monkeypatch, 'trian')
    assert "invalid choice: 'trian'" in capsys.readouterr().err


def test_a_mistake_ends_with_its_message_alone(tmp_path):
    done = subprocess.run(
        [sys.executable, '-m', 'mmradar', 'infer', str(tmp_path), '--model', 'millimamba-small'],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "Error: no recording of the view 'hori'" in done.stderr
    assert 'Traceback' not in done.stderr


def slow_imports(*commands):
    """For each command, in the order in which one process runs them: the slow packages that are imported by then."""
    code = """
import sys
from pathlib import Path
from types import SimpleNamespace
from mmradar.commands import main
for command in sys.argv[1:]:
    sys.argv = ['mmradar', *command.split()]
    try:
        main()
    except SystemExit as stopped:
        assert stopped.code == 0
    slow = ('torch', 'mmpose', 'mmradar.apis', 'matplotlib')
    print('imported:', command, *(name for name in slow if name in sys.modules), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, '-c', code, *commands], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line.removeprefix('imported: ') for line in done.stderr.splitlines() if line.startswith('imported: ')]


def test_help_and_the_list_of_models_come_without_slow_imports():
    of_radars = ('inspect', 'live', 'replay', 'simulate')  # their options have names and numbers of mmradar.radar
    others = ['--help', 'models', *(f'{name} --help' for name in COMMANDS if name not in of_radars)]
    assert slow_imports(*others) == others
    assert slow_imports(*(f'{name} --help' for name in of_radars)) == [f'{name} --help torch' for name in of_radars]


def test_every_format_of_an_export_has_a_file_name():
    assert tuple(export._DEFAULT_OUT) == FORMATS


def test_an_optional_file_may_follow_an_option():
    found = []
    command = SimpleNamespace(add_arguments=export.add_arguments, main=found.append)
    _run(command, ['millimamba-small', '--format', 'torch', 'small.pt2'], 'mmradar export')
    assert (found[0].model, found[0].format, found[0].out) == ('millimamba-small', 'torch', Path('small.pt2'))
