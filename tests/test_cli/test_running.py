"""Errors that the user can fix end a script with their message alone."""

import pytest
from torch.utils.data import DataLoader, Dataset

from mmradar.cli import run
from mmradar.errors import ConfigError, DataError, InstallationError


@pytest.mark.parametrize('kind', [ConfigError, DataError, InstallationError, FileNotFoundError])
def test_the_message_alone(kind, capsys):
    def main():
        raise kind('what was expected,\nand what was found')

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 2 and capsys.readouterr().err == '\nError: what was expected,\nand what was found\n'


class _Broken(Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, number):
        raise DataError('a file: cut short\nTake another.')


def test_the_message_of_a_loading_process_comes_without_its_traceback(capsys):
    with pytest.raises(SystemExit):
        run(lambda: next(iter(DataLoader(_Broken(), num_workers=1))))
    assert capsys.readouterr().err == '\nError: a file: cut short\nTake another.\n'


def test_a_fault_of_the_program_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 / 0)
