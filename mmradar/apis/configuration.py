"""Configuration files, with options of the command line merged in."""

from __future__ import annotations

import ast
import copy
import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from mmradar.apis.config_options import RUNNER_KEYS, check_options, facts, nothing_reads
from mmradar.errors import ConfigError
from mmradar.interpolation import is_reference, resolve, value_at

# What a loader may only have with workers.
_WORKER_OPTIONS = ('persistent_workers', 'prefetch_factor', 'multiprocessing_context', 'timeout')


def load_config(path: str, options: Mapping[str, Any] | None = None, also_read: Collection[str] = ()) -> Config:
    """A configuration file as :func:`with_options` has it.

    Args:
        path: The file.
        options, also_read: As there.

    Raises:
        ConfigError: The file is missing, a key is nearly one that is read, or overrides one that is not, or as there.
    """
    if not Path(path).is_file():
        raise ConfigError(f'no configuration file {path}')
    try:
        config = Config.fromfile(path)
    except TypeError as error:
        if 'cannot inherit from base' not in str(error):
            raise
        raise ConfigError(f'{path}: {error} Of a reference, change what it leads to.') from error
    _check_names(config, path)
    _check_overrides(config, path, also_read)
    return with_options(config, options, also_read)


def with_options(config: Config, options: Mapping[str, Any] | None = None, also_read: Collection[str] = ()) -> Config:
    """A copy of a configuration with options merged in and values in place of its references.

    Options on what references lead to, such as ``num_frames``, are merged first, so that they reach all that refers to
    them; those below a reference, such as ``train_dataloader.dataset.pipeline.0.num_chirps``, change this place alone.

    Args:
        config: With its references, or without.
        options: By dotted key.
        also_read: Top-level names that the tool reads beside those of mmengine's ``Runner``.

    Raises:
        ConfigError: An option would change nothing, or a reference leads nowhere.
    """
    config = copy.deepcopy(config)
    if options:
        check_options(config, options, also_read)
        _merge(config, options)
    config = resolve(config)
    _match_workers(config.values())
    return config


def _check_names(config: Config, path: str) -> None:
    """Refuse a top-level name that nobody reads, but nearly."""
    read = {key.split('.')[0] for key in facts(config)}
    for key in config:
        near = difflib.get_close_matches(key, RUNNER_KEYS, n=1, cutoff=0.85)
        near = [name for name in near if name not in config] or difflib.get_close_matches(key, read, n=1, cutoff=0.85)
        if near and key not in RUNNER_KEYS and key not in read:
            raise ConfigError(f'{path}: unknown key {key!r}; did you mean {near[0]!r}?')


def _check_overrides(config: Config, path: str, also_read: Collection[str]) -> None:
    """Refuse a change to what helped a base to write its entries: these are written by then.

    In a file that itself makes use of the name, it is a help of its own.
    """
    if Path(path).suffix != '.py':
        return
    own, *bases = _sources(Path(path))
    read = {key.split('.')[0] for key in facts(config, also_read)}
    unread = set(_assigned(own)) - _used(own) - read - {*RUNNER_KEYS, *also_read}
    if changed := unread & set().union(*map(_used, bases)):
        raise ConfigError(f'{path}: {nothing_reads(config, min(changed))}')


def _sources(path: Path) -> Iterator[ast.Module]:
    """A configuration file's syntax, then that of its bases; without those of other packages, which have no path."""
    source = ast.parse(path.read_text(encoding='utf-8'))
    yield source
    base = _assigned(source).get('_base_')
    for node in ast.walk(base) if base else ():
        if str(getattr(node, 'value', '')).endswith('.py') and (path.parent / str(node.value)).is_file():
            yield from _sources(path.parent / node.value)


def _assigned(source: ast.Module) -> dict[str, ast.expr]:
    assignments = [node for node in source.body if isinstance(node, ast.Assign)]
    return {name.id: node.value for node in assignments for name in node.targets if isinstance(name, ast.Name)}


def _used(source: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(source) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _merge(config: Config, options: Mapping[str, Any]) -> None:
    """Options into a configuration, also into what is ``None`` there or a reference."""
    below = [key for key in options if not _make_way(config, key, through_references=False)]
    config.merge_from_dict({key: value for key, value in options.items() if key not in below})
    for key in below:
        _make_way(config, key, through_references=True)
        config.merge_from_dict({key: options[key]})
    if any(key.split('.')[0] == 'custom_imports' for key in options):
        import_modules_from_strings(**config.custom_imports)


def _make_way(config: Config, key: str, through_references: bool) -> bool:
    """Take away what is ``None`` on the way to a key, and put the values of references there, which else bar it."""
    node, path = config, ''
    for part in key.split('.')[:-1]:
        path = f'{path}.{part}'.lstrip('.')
        child = node[int(part)] if isinstance(node, (list, tuple)) else node.get(part)
        if is_reference(child):
            if not through_references:
                return False
            child = value_at(config, path)
            node[int(part) if isinstance(node, list) else part] = child
        if child is None:
            node.pop(part, None)
            break
        node = child
    return True


def _match_workers(node: Any) -> None:
    """Take from all loaders without workers what torch refuses there."""
    if isinstance(node, Mapping):
        if 'dataset' in node and not node.get('num_workers'):
            for option in _WORKER_OPTIONS:
                node.pop(option, None)
        node = node.values()
    if not isinstance(node, str) and isinstance(node, Iterable):
        for child in node:
            _match_workers(child)
