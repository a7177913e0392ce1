"""What an installed mmradar brings along."""

import shutil
import subprocess
import sys
import zipfile

import pytest
import yaml

from conftest import REPOSITORY


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """The files that a package is made of, by themselves: setuptools builds beside them."""
    folder = tmp_path_factory.mktemp('source')
    for name in ('mmradar', 'configs', 'tools', 'requirements'):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns('__pycache__'))
    for name in ('setup.py', 'pyproject.toml', 'README.md', 'LICENSE', 'MANIFEST.in', 'model-index.yml'):
        shutil.copy(REPOSITORY / name, folder)
    return folder


def build(source, kind, out):
    code = f'from setuptools import build_meta; print(build_meta.build_{kind}({str(out)!r}))'
    done = subprocess.run([sys.executable, '-c', code], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return out / done.stdout.strip().splitlines()[-1]


def files_of(folder, *patterns):
    return {str(path.relative_to(folder)) for pattern in patterns for path in folder.rglob(pattern)}


def test_a_wheel_brings_what_mim_looks_for(source, tmp_path):
    (source / 'build' / 'lib' / 'mmradar' / '.mim' / 'configs').mkdir(parents=True)
    (source / 'build' / 'lib' / 'mmradar' / '.mim' / 'configs' / 'of_an_earlier_build.py').touch()
    with zipfile.ZipFile(build(source, 'wheel', tmp_path)) as wheel:
        wheel.extractall(tmp_path / 'installed')
    mim = tmp_path / 'installed' / 'mmradar' / '.mim'
    assert files_of(mim / 'configs', '*.py', '*.yml') == files_of(REPOSITORY / 'configs', '*.py', '*.yml')
    assert files_of(mim / 'tools', '*.py', '*.sh') == files_of(REPOSITORY / 'tools', '*.py', '*.sh')
    assert (mim / 'model-index.yml').is_file() and (mim.parent / 'ops' / 'native' / 'kernels.c').is_file()
    # as mim starts it: the installed package's script and configuration, from anywhere
    script = 'tools/analysis_tools/get_flops.py'
    done = subprocess.run(
        [sys.executable, str(mim / script), str(mim / 'configs' / 'millimamba_light_hupr.py')],
        cwd=tmp_path,
        env={'PYTHONPATH': str(tmp_path / 'installed'), 'PATH': ''},
        capture_output=True,
        text=True,
    )
    assert 'parameters   3.76 M' in done.stdout, done.stderr[-2000:]
    assert (mim.parent / 'py.typed').is_file()
    # and by itself: models with their weights, the live page, the command
    assert (mim.parent / 'live' / 'page.html').is_file()
    entry_points = next((tmp_path / 'installed').glob('mmradar-*.dist-info/entry_points.txt')).read_text()
    assert 'mmradar = mmradar.commands:main' in entry_points
    done = subprocess.run(
        [sys.executable, '-m', 'mmradar', 'models', '--check'],
        cwd=tmp_path,
        env={'PYTHONPATH': str(tmp_path / 'installed'), 'PATH': ''},
        capture_output=True,
        text=True,
    )
    assert 'millimamba-small    configuration millimamba_small_simhupr, 3.4 MB, as published' in done.stdout, (
        done.stderr
    )


def test_the_projects_are_installed_next_to_it(source, tmp_path):
    """From anywhere, their configurations by name, with the bases that the installed package has."""
    wheels = [build(source, 'wheel', tmp_path)]
    for project in ('hummuss', 'glsmamba'):
        copy = tmp_path / 'source' / project
        shutil.copytree(REPOSITORY / 'projects' / project, copy, ignore=shutil.ignore_patterns('*.egg-info', 'build'))
        wheels.append(build(copy, 'wheel', tmp_path))
        shutil.unpack_archive(build(copy, 'sdist', tmp_path), tmp_path / 'unpacked')
        archive = next((tmp_path / 'unpacked').glob(f'{project}-*'))
        assert files_of(archive / 'configs', '*.py') == files_of(copy / 'configs', '*.py')
    installed = tmp_path / 'installed'
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(installed)
    code = """
from mmradar.apis import config_names, init_model, read_config
for project in ('hummuss', 'glsmamba'):
    for name in config_names(project):
        read_config(name)
    print(project, len(config_names(project)))
for name in ('glsmamba::millimamba_glsmamba_tiny_simhupr', 'hummuss-causal-small'):
    print(type(init_model(name).backbone).__module__)
"""
    done = subprocess.run(
        [sys.executable, '-c', code],
        cwd=tmp_path,
        env={'PYTHONPATH': str(installed), 'PATH': ''},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [
        *('hummuss 18', 'glsmamba 35'),
        *('mmradar.models.backbones.cvmamba', 'hummuss.models.backbones.hummuss'),
    ], done.stderr[-2000:]


def test_a_source_archive_builds_the_same_wheel(source, tmp_path):
    shutil.unpack_archive(build(source, 'sdist', tmp_path), tmp_path / 'unpacked')
    (unpacked,) = (tmp_path / 'unpacked').iterdir()
    names = []
    for place, out in ((unpacked, tmp_path / 'a'), (source, tmp_path / 'b')):
        with zipfile.ZipFile(build(place, 'wheel', out)) as wheel:
            names.append(set(wheel.namelist()))
    assert names[0] == names[1]


def test_the_model_index_lists_configurations_that_are_there():
    (entry,) = yaml.safe_load((REPOSITORY / 'model-index.yml').read_text())['Import']
    index = yaml.safe_load((REPOSITORY / entry).read_text())
    collections = {collection['Name'] for collection in index['Collections']}
    configs = [model['Config'] for model in index['Models']]
    assert len(set(configs)) == len(configs)
    for model in index['Models']:
        assert model['In Collection'] in collections
        assert (REPOSITORY / model['Config']).stem == model['Name']
    listed = {path for path in (REPOSITORY / 'configs').glob('*.py')} | set(
        (REPOSITORY / 'configs/baselines').glob('*.py')
    )
    assert {REPOSITORY / config for config in configs} == listed
