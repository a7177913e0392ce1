"""``mmradar COMMAND``"""

import importlib
import subprocess
import sys

import pytest

from conftest import REPOSITORY
from mmradar.commands import COMMANDS, main


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
        [sys.executable, '-m', 'mmradar', 'infer', str(tmp_path), '--model', 'millimamba_tiny_simhupr'],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "Error: no recording of the view 'hori'" in done.stderr
    assert 'Traceback' not in done.stderr
