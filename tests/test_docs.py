"""What the documentation says of options and sizes, held against the code."""

import inspect
import re
from collections import Counter

import pytest

from conftest import REPOSITORY
from mmradar.apis.complexity import model_complexity
from mmradar.apis.configuration import load_config
from mmradar.models import layers
from mmradar.registry import DATASETS, KEYPOINT_CODECS, MODELS, TRANSFORMS


def rows(text):
    """Cells of the rows of all tables, without headers."""
    lines = [line.strip() for line in text.splitlines()]
    ruled = [index for index, line in enumerate(lines) if re.fullmatch(r'\|[-:| ]+\|', line)]
    for rule in ruled:
        for line in lines[rule + 1 :]:
            if not line.startswith('|'):
                break
            yield [cell.strip() for cell in line.strip('|').split('|')]


def read(name):
    return load_config(str(REPOSITORY / f'configs/{name}.py'))


# docs/open_choices.md

HEADINGS = {  # the configuration that the rows below a heading are of
    '## The HuPR baseline': 'baselines/hupr_hupr',
    '### mm-Pose': 'baselines/mmpose_hupr',
    '### TransHuPR': 'baselines/transhupr_hupr',
}


def choices(text):
    """Rows of a page, each with the configuration that it is of."""
    name = 'millimamba_hupr'
    for heading, following in HEADINGS.items():
        assert text.count(f'\n{heading}\n') == 1, f'there is not one {heading}'
        part, text = text.split(f'\n{heading}\n')
        yield from ((name, row) for row in rows(part))
        name = following
    yield from ((name, row) for row in rows(text))


CHOICES = list(choices((REPOSITORY / 'docs/open_choices.md').read_text()))


def class_of(name):
    found = [registry.get(name) for registry in (MODELS, TRANSFORMS, DATASETS, KEYPOINT_CODECS)]
    found.append(getattr(layers, name, None))
    return next((cls for cls in found if cls is not None), None)


def settings_of(config, name):
    """Every dictionary of a configuration that describes a class."""
    if isinstance(config, dict):
        if config.get('type') == name:
            yield config
        for value in config.values():
            yield from settings_of(value, name)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from settings_of(value, name)


def resolve(option, config, owner=None):
    """The class that an option belongs to, and its default; (None, value) of a configuration's key.

    An option is a path, ``Class``, ``Class.argument``, ``Class.argument.key`` with a key that the configuration has
    there, ``key.key`` of the configuration, or an argument of the class in front of it in the cell.
    """
    if '/' in option:
        assert (REPOSITORY / option).is_file(), f'there is no {option}'
        return None, None
    first, *keys = option.split('.')
    if owner is not None and not keys and first in inspect.signature(owner).parameters:
        return owner, inspect.signature(owner).parameters[first].default
    if not first[0].isupper():
        value = config
        for key in (first, *keys):
            assert key in value, f'the configuration has no {option}'
            value = value[key]
        return None, value
    cls = class_of(first)
    assert cls is not None, f'there is no class {first}'
    if not keys:
        return cls, None
    parameters = inspect.signature(cls).parameters
    assert keys[0] in parameters, f'{first} has no argument {keys[0]}'
    if len(keys) == 1:
        return cls, parameters[keys[0]].default
    for key in keys[1:]:
        assert any(key in found.get(keys[0], {}) for found in settings_of(config, first)), f'nothing sets {option}'
    return cls, None


def test_the_tables_of_open_choices_are_read():
    assert all(len(row) == 4 for _, row in CHOICES)
    counts = Counter(config for config, _ in CHOICES)
    least = {
        'millimamba_hupr': 17,
        'baselines/hupr_hupr': 7,
        'baselines/mmpose_hupr': 16,
        'baselines/transhupr_hupr': 13,
    }
    assert set(counts) == set(least) and all(counts[name] >= count for name, count in least.items())


@pytest.mark.parametrize('config, row', CHOICES, ids=[row[0] for _, row in CHOICES])
def test_options_of_open_choices_exist_and_have_their_defaults(config, row):
    _, cell, default, *_ = row
    if cell == 'fixed':
        return
    options, owner, value = re.findall('`([^`]+)`', cell), None, None
    assert options, f'the row says no option: {row}'
    for option in options:
        owner, value = resolve(option, read(config).to_dict(), owner)
    if len(options) > 1:
        return
    if isinstance(value, str) and (said := re.fullmatch('`(.+)`', default)):
        assert value == said[1]
    elif isinstance(value, bool):
        assert re.match('on' if value else 'off', default)
    elif isinstance(value, (int, float)):
        assert re.match(rf'{value}\b', default)


@pytest.mark.parametrize(
    'option, message',
    [
        ('CVMamba.scan_oder', 'CVMamba has no argument scan_oder'),
        ('SequenceMixr.scan_order', 'no class SequenceMixr'),
        ('HuPREncoder.stem.interleafed', 'nothing sets'),
        ('configs/nothing.py', 'there is no configs/nothing.py'),
        ('train_cfg.epochs', 'the configuration has no train_cfg.epochs'),
        ('num_layer', 'the configuration has no num_layer'),
    ],
)
def test_options_that_do_not_exist_are_noticed(option, message):
    with pytest.raises(AssertionError, match=message):
        resolve(option, read('baselines/hupr_hupr').to_dict(), class_of('CVMamba'))


# docs/configurations.md

SIZES = [
    row
    for row in rows((REPOSITORY / 'docs/configurations.md').read_text())
    if len(row) == 4 and re.fullmatch(r'`[\w/]+\.py`', row[0]) and row[2].endswith(' M')
]


def test_the_page_has_the_sizes_of_all_configurations_but_ablations():
    files = (REPOSITORY / 'configs').rglob('*.py')
    names = {str(path.relative_to(REPOSITORY / 'configs')) for path in files}
    assert {row[0].strip('`') for row in SIZES} == {
        n for n in names if not n.startswith(('_base_', 'ablations', 'suites', 'weights'))
    }


@pytest.mark.parametrize('name, _, parameters, gmacs', SIZES, ids=[row[0] for row in SIZES])
def test_the_sizes_are_counted(name, _, parameters, gmacs):
    complexity = model_complexity(read(name.strip('`').removesuffix('.py')))
    assert f'{complexity.parameters / 1e6:.2f} M' == parameters
    assert f'{complexity.total_macs / 1e9:.2f}' == gmacs
