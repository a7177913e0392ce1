import sys

import pytest
from mmengine.logging import MMLogger, print_log

from mmradar.cli import output_to


def test_what_is_printed_and_logged_goes_to_the_file(tmp_path, capsys):
    path = tmp_path / 'step.log'
    with output_to(path):
        MMLogger.get_instance('a run of this step')
        print_log('logged', 'current')
        print('printed')
        print('complained', file=sys.stderr)
    text = path.read_text()
    assert 'logged' in text and 'printed' in text and 'complained' in text
    assert capsys.readouterr().out == ''
    print_log('logged later', 'current')  # by the log of a step that is over
    with output_to(tmp_path / 'next.log'):
        print_log('logged in the next step', 'current')
    assert 'logged later' in capsys.readouterr().out and path.read_text() == text
    assert 'logged in the next step' in (tmp_path / 'next.log').read_text()


def test_an_error_is_in_the_file_and_raised(tmp_path):
    with pytest.raises(ZeroDivisionError), output_to(tmp_path / 'step.log'):
        print('before')
        1 / 0  # noqa: B018
    text = (tmp_path / 'step.log').read_text()
    assert text.startswith('before') and 'ZeroDivisionError' in text
