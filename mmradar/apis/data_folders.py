"""Settings of the data and cache folders, each applied to all parts of a configuration that read from them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config

from mmradar.apis.config_options import registered, takes, walk
from mmradar.errors import ConfigError


def datasets_of(loader: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the settings of a loader's data sets; of a wrapper such as ``ConcatDataset``, those of its inner ones."""
    within = [loader[key] for key in ('dataset', 'datasets') if key in loader]
    for inner in within:
        for settings in inner if isinstance(inner, (list, tuple)) else [inner]:
            if isinstance(settings, dict):
                yield from datasets_of(settings)
    if not within:
        yield loader


def set_data_root(config: Config, folder: str) -> list[str]:
    """Make a configuration read its data from ``folder``.

    The folder becomes the ``data_root`` of all data sets that have one. Every path of loaders and evaluators below an
    old root (files of annotations or boxes, the cache) moves to the same place below the new one. The top-level entries
    ``data_root`` and ``cache_dir`` are changed likewise, if the configuration has them.

    Args:
        config: The configuration; changed in place.
        folder: The new folder.

    Returns:
        Notes for the user: evaluator files whose paths did not change, and whether several folders were replaced by
        one.

    Raises:
        ConfigError: No data set reads from a folder.
    """
    taking = _taking(config, 'data_root')
    roots = {os.path.normpath(settings['data_root']) for settings in taking if settings.get('data_root')} - {os.curdir}
    notes = (
        [f'--data-root takes the place of {len(roots)} folders: {", ".join(sorted(roots))}'] if len(roots) > 1 else []
    )
    for key in _parts(config):
        if key.endswith('_evaluator'):
            files = [(path, value) for path, value in walk(config[key], key) if _is_path(value)]
            notes += [f'--data-root leaves {path} = {value}' for path, value in files if not _root_of(value, roots)]
        config[key] = _moved(config[key], roots, folder)
    for settings in _taking(config, 'data_root'):
        settings['data_root'] = folder
    if 'data_root' in config:
        config.data_root = folder
    if 'cache_dir' in config:
        config.cache_dir = _moved(config.cache_dir, roots, folder)
    return notes


def set_cache_dir(config: Config, folder: str) -> None:
    """Make the data sets of a configuration that can cache heatmaps on disk cache them in ``folder``.

    Raises:
        ConfigError: No data set can.
    """
    for settings in _taking(config, 'cache_dir'):
        settings['cache_dir'] = folder
    if 'cache_dir' in config:
        config.cache_dir = folder


def _parts(config: Config) -> list[str]:
    """Return the keys of a configuration's loaders and evaluators."""
    return [key for key in config if key.endswith(('_dataloader', '_evaluator')) and config[key]]


def _taking(config: Config, argument: str) -> list[dict[str, Any]]:
    """Return the settings of the data sets that take an argument.

    Raises:
        ConfigError: No data set takes it.
    """
    loaders = [config[key] for key in _parts(config) if key.endswith('_dataloader')]
    found = [settings for loader in loaders for settings in datasets_of(loader)]
    taking = [settings for settings in found if argument in settings or _wants(settings, argument)]
    if not taking:
        kinds = ', '.join(dict.fromkeys(str(settings.get('type')) for settings in found)) or 'none at all'
        raise ConfigError(
            f'--{argument.replace("_", "-")} reaches nothing: no data set of {config.filename} has a {argument}. '
            f'Its data sets: {kinds}'
        )
    return taking


def _wants(settings: Mapping[str, Any], argument: str) -> bool:
    """Return whether a data set whose settings lack a folder argument should get it.

    It should if it requires the argument, if the argument is its cache, or if it takes the argument and its settings
    name files.
    """
    kinds = registered(settings.get('type'))
    if argument == 'cache_dir' or any(settings.get(key) for key in settings if key.endswith(('_file', '_files'))):
        return any(takes(kind, argument) for kind in kinds)
    own = [inspect.signature(kind).parameters.get(argument) for kind in kinds]
    return any(one is not None and one.default is one.empty for one in own)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and os.sep in value and '://' not in value


def _root_of(path: str, roots: set[str]) -> str | None:
    """Return the one of ``roots`` that a path equals or is below, the longest of several; ``None`` if there is none."""
    path = os.path.normpath(path)
    return max((root for root in roots if path == root or path.startswith(root + os.sep)), key=len, default=None)


def _moved(node: Any, roots: set[str], folder: str) -> Any:
    """Return a copy of settings in which paths below one of ``roots`` are below ``folder`` instead."""
    if isinstance(node, dict):
        return type(node)({key: _moved(value, roots, folder) for key, value in node.items()})
    if isinstance(node, (list, tuple)):
        return type(node)(_moved(value, roots, folder) for value in node)
    root = _root_of(node, roots) if _is_path(node) else None
    return node if root is None else os.path.normpath(os.path.join(folder, os.path.relpath(node, root)))
