"""Configuration files, with options of the command line merged in."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from mmradar.apis.config_options import RUNNER_KEYS, check_options
from mmradar.errors import ConfigError

# What a loader may only have with workers.
_WORKER_OPTIONS = ('persistent_workers', 'prefetch_factor', 'multiprocessing_context', 'timeout')


def load_config(path: str, options: dict | None = None, also_read: Collection[str] = ()) -> Config:
    """A configuration file with command-line options merged in.

    Args:
        path: The file.
        options: By dotted key.
        also_read: Top-level names that the tool reads beside those of mmengine's ``Runner``.

    Raises:
        ConfigError: The file is missing, a key is nearly one that is read, or an option would change nothing.
    """
    if not Path(path).is_file():
        raise ConfigError(f'no configuration file {path}')
    config = Config.fromfile(path)
    for key in config:
        near = difflib.get_close_matches(key, RUNNER_KEYS, n=1, cutoff=0.85)
        if key not in RUNNER_KEYS and near and near[0] not in config:
            raise ConfigError(f'{path}: unknown key {key!r}; did you mean {near[0]!r}?')
    if options:
        check_options(config, options, also_read)
        _merge(config, options)
    _match_workers(config.values())
    return config


def _merge(config: Config, options: dict) -> None:
    """Options into a configuration, also into what is ``None`` there."""
    for key in options:
        node, *parts = config, *key.split('.')[:-1]
        for part in parts:
            if isinstance(node, (list, tuple)):
                node = node[int(part)]
            elif node.get(part) is not None:
                node = node[part]
            else:
                node.pop(part, None)
                break
    config.merge_from_dict(options)
    if any(key.split('.')[0] == 'custom_imports' for key in options):
        import_modules_from_strings(**config.custom_imports)


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
