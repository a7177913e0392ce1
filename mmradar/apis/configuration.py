"""Reader of configuration files, which merges command-line options into them."""

from __future__ import annotations

import ast
import copy
import difflib
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmradar.apis.config_options import RUNNER_KEYS, check_options, facts, nothing_reads
from mmradar.apis.custom_imports import import_custom_modules
from mmradar.apis.named_bases import named_base, named_bases
from mmradar.errors import ConfigError
from mmradar.interpolation import is_reference, resolve, value_at

# Arguments that torch accepts only for a loader with workers.
_WORKER_OPTIONS = ('persistent_workers', 'prefetch_factor', 'multiprocessing_context', 'timeout')


def load_config(path: str, options: Mapping[str, Any] | None = None, also_read: Collection[str] = ()) -> Config:
    """Read a configuration file, check its keys, import its ``custom_imports``, and apply :func:`with_options`.

    Args:
        path: The file.
        options, also_read: See :func:`with_options`.

    Raises:
        ConfigError: The file is missing or no configuration, a key looks like a misspelt one, a key overrides a helper
            variable of a base that nothing reads any more, a module of ``custom_imports`` is not found (see
            :func:`~mmradar.apis.custom_imports.import_custom_modules`), or :func:`with_options` refuses an option.
    """
    if not Path(path).is_file():
        raise ConfigError(f'no configuration file {path}')
    try:
        with named_bases():
            config = Config.fromfile(path, import_custom_modules=False)
    except FileNotFoundError as error:
        raise ConfigError(
            f'{path}: there is no base {error.filename}. A base is a path from the folder of the configuration, or the '
            "name of one of the package's, as _base_ = 'mmradar::millimamba_small_simhupr'"
        ) from error
    except (SyntaxError, OSError) as error:  # mmengine raises the second for other kinds of files
        raise ConfigError(f'{path} cannot be read as a configuration: {error}') from error
    except TypeError as error:
        if 'cannot inherit from base' not in str(error):
            raise
        raise ConfigError(f'{path}: {error} To override a reference, change the entry that it refers to.') from error
    sources = dict(_sources(Path(path)))
    import_custom_modules(config, sources)
    _check_names(config, path)
    _check_overrides(config, path, list(sources.values()), also_read)
    return with_options(config, options, also_read)


def with_options(config: Config, options: Mapping[str, Any] | None = None, also_read: Collection[str] = ()) -> Config:
    """Return a copy of a configuration with options merged in and references replaced by their values.

    Options for entries that references refer to, such as ``num_frames``, are merged before references are resolved, so
    that they take effect in every place that refers to them. An option below a reference, such as
    ``train_dataloader.dataset.pipeline.0.num_chirps``, changes only that place.

    Args:
        config: The configuration, with or without references.
        options: Values by dotted key.
        also_read: Top-level names that the tool reads in addition to those of mmengine's ``Runner``.

    Raises:
        ConfigError: An option would have no effect, or a reference refers to a missing entry.
    """
    config = copy.deepcopy(config)
    if options:
        options = copy.deepcopy(options)  # merging takes `_delete_` out of them
        check_options(config, options, also_read)
        _merge(config, options)
    config = resolve(config)
    _match_workers(config.values())
    return config


def _check_names(config: Config, path: str) -> None:
    """Raise if a top-level name that nothing reads is close to one that is read."""
    read = {key.split('.')[0] for key in facts(config)}
    for key in config:
        near = difflib.get_close_matches(key, RUNNER_KEYS, n=1, cutoff=0.85)
        near = [name for name in near if name not in config] or difflib.get_close_matches(key, read, n=1, cutoff=0.85)
        if near and key not in RUNNER_KEYS and key not in read:
            raise ConfigError(f'{path}: unknown key {key!r}; did you mean {near[0]!r}?')


def _check_overrides(config: Config, path: str, sources: list[ast.Module], also_read: Collection[str]) -> None:
    """Raise if a file assigns a helper variable of its base, which has no effect; warn of other names without effect.

    The base has computed its entries from the variable before the file assigns it. A variable that the file itself uses
    is allowed: it is the file's own helper.
    """
    own, *bases = sources
    read = {key.split('.')[0] for key in facts(config, also_read)}
    unread = set(_assigned(own)) - _used(own) - read - {'_base_', *RUNNER_KEYS, *also_read}
    if changed := unread & set().union(*map(_used, bases)):
        raise ConfigError(f'{path}: {nothing_reads(config, min(changed))}')
    if unread and '_base_' in _assigned(own):  # a dumped configuration has all names
        warnings.warn(f'{path}: nothing reads {", ".join(sorted(unread))}', stacklevel=2)


def _sources(path: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Yield the files of a configuration and of its bases, except bases from other packages, with their syntax trees.

    The tree of a file that is not in Python is empty.
    """
    source = ast.parse(path.read_text(encoding='utf-8') if path.suffix == '.py' else '')
    yield path, source
    assigned = _assigned(source).get('_base_')
    names = [node.value for node in ast.walk(assigned) if isinstance(node, ast.Constant)] if assigned else []
    for name in names:
        if isinstance(name, str):
            base = Path(named_base(name) or path.parent / name)
            if base.suffix == '.py' and base.is_file():
                yield from _sources(base)


def _assigned(source: ast.Module) -> dict[str, ast.expr]:
    """Return the expressions of a file's top-level assignments by name."""
    assignments = [node for node in source.body if isinstance(node, ast.Assign)]
    return {name.id: node.value for node in assignments for name in node.targets if isinstance(name, ast.Name)}


def _used(source: ast.Module) -> set[str]:
    """Return the names that a file reads."""
    return {node.id for node in ast.walk(source) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _merge(config: Config, options: Mapping[str, Any]) -> None:
    """Merge options into a configuration, including those below an entry that is ``None`` or a reference."""
    below = [key for key in options if not _make_way(config, key, through_references=False)]
    config.merge_from_dict({key: value for key, value in options.items() if key not in below})
    for key in below:
        _make_way(config, key, through_references=True)
        config.merge_from_dict({key: options[key]})
    if any(key.split('.')[0] == 'custom_imports' for key in options):
        import_custom_modules(config, [config.filename] if config.filename else [])


def _make_way(config: Config, key: str, through_references: bool) -> bool:
    """Make a dotted key assignable: remove an entry above it that is ``None``, and resolve references above it.

    Args:
        config: The configuration; changed in place.
        key: The dotted key.
        through_references: Replace references above the key by their values; otherwise stop at the first one.

    Returns:
        ``True`` if the key is assignable, ``False`` if a reference is in the way.
    """
    node: Any = config  # then the nested settings below it
    path = ''
    for part in key.split('.')[:-1]:
        path = f'{path}.{part}'.lstrip('.')
        index, child = _entry(node, part)
        if is_reference(child):
            if not through_references:
                return False
            child = value_at(config, path)
            node[index] = child
        if child is None:
            node.pop(index, None)
            break
        node = child
    return True


def _entry(node: Any, part: str) -> tuple[Any, Any]:
    """Return the index of one part of a dotted key in ``node``, and the value there; ``None`` if there is no value."""
    if isinstance(node, list):
        return int(part), node[int(part)]
    return part, node.get(part)


def _match_workers(node: Any) -> None:
    """Remove the arguments that torch refuses from all loaders without workers."""
    if isinstance(node, dict):
        if 'dataset' in node and not node.get('num_workers'):
            for option in _WORKER_OPTIONS:
                node.pop(option, None)
        node = node.values()
    if not isinstance(node, str) and isinstance(node, Iterable):
        for child in node:
            _match_workers(child)
