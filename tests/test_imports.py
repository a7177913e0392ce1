"""Imports: arrows point down and none goes in a circle, those within functions counted."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from conftest import REPOSITORY

PACKAGES = {
    'mmradar': REPOSITORY / 'mmradar',
    'glsmamba': REPOSITORY / 'projects' / 'glsmamba' / 'glsmamba',
    'hummuss': REPOSITORY / 'projects' / 'hummuss' / 'hummuss',
}
# From the bottom up: a part of mmradar imports from itself, from the parts of its own layer and of those below.
LAYERS = (
    ('errors',),
    ('version', 'compat', 'plugins'),
    ('memory', 'processes', 'atomic_write', 'interpolation', 'training_state', 'metainfo'),
    ('package_configs', 'published_models'),
    ('ops', 'radar', 'registry'),
    ('simulation', 'structures', 'capture'),
    ('codecs',),
    ('datasets', 'models', 'engine', 'evaluation', 'visualization'),
    ('apis',),
    ('cli', 'live'),
    ('experiments',),
    ('commands',),
    ('__main__',),
)
HEIGHT = {part: height for height, parts in enumerate(LAYERS) for part in parts}


@cache
def modules(package: str) -> dict[str, Path]:
    """Every module of a package by its full name."""
    root = PACKAGES[package]
    found = {}
    for path in sorted(root.rglob('*.py')):
        parts = path.relative_to(root.parent).with_suffix('').parts
        found['.'.join(parts[:-1] if parts[-1] == '__init__' else parts)] = path
    return found


def imports(name: str, path: Path) -> Iterator[str]:
    """What a module imports, wherever in it, by full name: ``from a.b import c`` is a.b.c, a module or a name of one.

    The packages around a module, whose ``__init__`` Python runs on the way to it, do not count.
    """
    package = name.split('.') if path.stem == '__init__' else name.split('.')[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = '.'.join([*base, *filter(None, [node.module])])
            yield from (f'{source}.{alias.name}' for alias in node.names)


def edges_between(known: Mapping[str, Path]) -> dict[str, list[str]]:
    """For each module those that it imports, or names of which it imports."""
    edges = {}
    for name, path in known.items():
        found = (other if other in known else other.rpartition('.')[0] for other in imports(name, path))
        edges[name] = sorted({other for other in found if other in known and other != name})
    return edges


@cache
def graph(package: str) -> dict[str, list[str]]:
    """Imports between the modules of a package."""
    return edges_between(modules(package))


def circle(edges: Mapping[str, list[str]]) -> list[str]:
    """The modules of one circle, the first one again at its end; none if there is none."""
    done: set[str] = set()

    def search(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name not in done:
            for other in edges[name]:
                if found := search(other, [*way, name]):
                    return found
            done.add(name)
        return []

    return next((found for name in edges if (found := search(name, []))), [])


def part_of(name: str) -> str:
    """``'radar'`` of ``mmradar.radar.config``; the package itself is ``''``."""
    return '.'.join(name.split('.')[1:2])


def test_a_circle_is_found_within_functions_and_type_checking_too(tmp_path):
    (tmp_path / 'a.py').write_text('def f():\n    from pkg import b\n')
    (tmp_path / 'b.py').write_text(
        'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg.c import C, D\nimport numpy.linalg\n'
    )
    (tmp_path / 'c.py').write_text('from .a import f\n')
    known = {f'pkg.{name}': tmp_path / f'{name}.py' for name in 'abc'}
    edges = edges_between(known)
    assert edges == {'pkg.a': ['pkg.b'], 'pkg.b': ['pkg.c'], 'pkg.c': ['pkg.a']}
    assert list(imports('pkg.b', known['pkg.b'])) == ['typing.TYPE_CHECKING', 'numpy.linalg', 'pkg.c.C', 'pkg.c.D']
    assert circle(edges) == ['pkg.a', 'pkg.b', 'pkg.c', 'pkg.a']
    assert circle({**edges, 'pkg.c': []}) == []


@pytest.mark.parametrize('package', PACKAGES)
def test_no_circle(package):
    """A package's ``__init__`` that imports its own modules is none, unless one of these imports a name of it."""
    assert len(graph(package)) > 20
    assert circle(graph(package)) == []


def test_every_part_of_the_package_has_a_layer():
    assert {part_of(name) for name in modules('mmradar')} - {''} <= set(HEIGHT)


def test_arrows_point_down():
    upwards = [
        f'{name} -> {other}'
        for name, others in graph('mmradar').items()
        for other in others
        if part_of(name) and (not part_of(other) or HEIGHT[part_of(other)] > HEIGHT[part_of(name)])
    ]
    assert upwards == []


def test_no_circle_between_parts():
    """Parts of one layer may import from each other, one way."""
    edges: dict[str, list[str]] = {}
    for name, others in graph('mmradar').items():
        edges.setdefault(part_of(name), []).extend(map(part_of, others))
    assert circle({part: sorted({*others} - {part, ''}) for part, others in edges.items()}) == []


@pytest.mark.parametrize('package', PACKAGES)
def test_nothing_imports_scripts_projects_or_tests(package):
    outside = {'tools', 'projects', 'tests', 'benchmarks', 'conftest', 'configs', *PACKAGES} - {'mmradar', package}
    wrong = [
        f'{name} -> {other}'
        for name, path in modules(package).items()
        for other in imports(name, path)
        if other.split('.')[0] in outside
    ]
    assert wrong == []


@pytest.mark.parametrize(
    'part, refused', [('ops', ('mmengine', 'mmpose')), ('radar', ('mmengine', 'mmcv', 'mmpose', 'torch.nn'))]
)
def test_ops_and_radar_stand_by_themselves(part, refused):
    wrong = []
    for name, path in modules('mmradar').items():
        for other in imports(name, path) if part_of(name) == part else ():
            functional = other.startswith('torch.nn.functional')  # functions of arrays, no models
            if other.split('.')[0] == 'mmradar' and part_of(other) not in ('errors', 'atomic_write', part):
                wrong.append(f'{name} -> {other}')
            if not functional and any(f'{other}.'.startswith(f'{library}.') for library in refused):
                wrong.append(f'{name} -> {other}')
    assert wrong == []
