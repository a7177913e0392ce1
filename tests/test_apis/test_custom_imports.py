"""Modules that configurations name are found where Python finds them, or above the configuration."""

import sys

import pytest

from conftest import REPOSITORY
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError

MAIN = str(REPOSITORY / 'configs/millimamba_hupr.py')


@pytest.fixture
def write(tmp_path, monkeypatch):
    """A function that writes a file, and gives back Python's own path afterwards."""
    monkeypatch.setattr(sys, 'path', sys.path[:])

    def file(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    return file


def imports(name, more=''):
    return f'custom_imports = dict(imports=[{name!r}]{more})\n'


@pytest.mark.parametrize(
    'file, name',
    [
        ('project/found_package/__init__.py', 'found_package'),
        ('project/found_module.py', 'found_module'),
        ('project/configs/rows/found_next_to_it.py', 'found_next_to_it'),
        ('project/found_folder/part.py', 'found_folder.part'),  # a folder without __init__.py
    ],
)
def test_a_module_above_the_configuration(write, file, name):
    write(file, 'there = True\n')
    load_config(write('project/configs/rows/own.py', imports(name)))
    assert sys.modules[name].there


def test_a_module_above_a_base_elsewhere(write):
    write('project/module_of_a_base.py', 'there = True\n')
    base = write('project/configs/base.py', imports('module_of_a_base'))
    load_config(write('elsewhere/own.py', f'_base_ = {base!r}\n'))
    assert sys.modules['module_of_a_base'].there


def test_a_module_that_an_option_names(write):
    write('project/module_of_an_option.py', 'there = True\n')
    own = write('project/configs/own.py', f'_base_ = {MAIN!r}\n')
    load_config(own, {'custom_imports.imports': ['module_of_an_option']})
    assert sys.modules['module_of_an_option'].there


def test_the_nearest_one_counts_and_an_installed_one_before_all(write, monkeypatch, tmp_path):
    write('nearest_module.py', 'near = False\n')
    write('project/nearest_module.py', 'near = True\n')
    own = write('project/configs/own.py', imports('nearest_module'))
    load_config(own)
    assert sys.modules['nearest_module'].near
    write('site/installed_module.py', 'installed = True\n')
    write('project/installed_module.py', 'installed = False\n')
    monkeypatch.syspath_prepend(str(tmp_path / 'site'))
    before = sys.path[:]
    load_config(write('project/configs/own.py', imports('installed_module')))
    assert sys.modules['installed_module'].installed and sys.path == before


def test_a_folder_that_only_has_the_name_is_no_module(write, monkeypatch, tmp_path):
    """As ``projects/hummuss``, for a user who is in ``projects``."""
    write('projects/shadowed/shadowed/__init__.py', 'there = True\n')
    monkeypatch.syspath_prepend(str(tmp_path / 'projects'))
    load_config(write('projects/shadowed/configs/own.py', imports('shadowed')))
    assert sys.modules['shadowed'].there


def test_one_that_is_nowhere_is_an_error_unless_it_may_fail(write, recwarn):
    own = write('configs/own.py', imports('module_that_is_nowhere.at_all'))
    with pytest.raises(ConfigError, match=r"names 'module_that_is_nowhere.at_all', which Python does not find, nor in"):
        load_config(own)
    load_config(write('configs/own.py', imports('module_that_is_nowhere.at_all', ', allow_failed_imports=True')))
    assert 'module_that_is_nowhere.at_all failed to import' in str(recwarn.pop(UserWarning).message)


def test_an_error_within_a_module_is_not_hidden(write):
    write('module_with_an_error.py', '1 / 0\n')
    with pytest.raises(ZeroDivisionError):
        load_config(write('configs/own.py', imports('module_with_an_error')))
