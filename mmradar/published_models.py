"""Models whose weights come with the package or with an installed plugin."""

from __future__ import annotations

import difflib
import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mmradar.errors import CheckpointError, ConfigError
from mmradar.package_configs import config_folder, config_path
from mmradar.plugins import plugin_folder, plugins

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class PublishedModel:
    """An entry with weights in ``metafile.yml``, among the configurations of the package or of a plugin.

    Args:
        name: Name by which users load the model.
        config: Name of its configuration.
        checkpoint: File of its weights.
        sha256: SHA-256 of that file.
        plugin: Name of the plugin that it comes with; ``None`` for the package itself.
        metadata: The training: data set, procedure, duration.
        results: Results in the format of OpenMMLab's metafiles, each with ``Dataset`` and ``Metrics``.
    """

    name: str
    config: str
    checkpoint: Path
    sha256: str
    plugin: str | None
    metadata: Mapping[str, Any]
    results: tuple[Mapping[str, Any], ...]

    def check(self) -> None:
        """Raise if the file of weights does not match its hash.

        Raises:
            CheckpointError: The file is missing, or is not the one that was published.
        """
        found = hashlib.sha256(self.checkpoint.read_bytes()).hexdigest() if self.checkpoint.is_file() else 'no file'
        if found != self.sha256:
            raise CheckpointError(f'{self.checkpoint}: expected SHA-256 {self.sha256}, found {found}; install again')


@functools.cache
def published_models() -> dict[str, PublishedModel]:
    """Return the published models by name: those of the package, then those of the installed plugins."""
    return {model.name: model for plugin in (None, *plugins()) for model in _of_plugin(plugin)}


def weights_file(weights: str | Path) -> str:
    """Return the checkpoint of a published model by the model's name; any other path or URL is returned as it is."""
    published = None if Path(weights).is_file() else published_models().get(str(weights))
    return str(weights if published is None else published.checkpoint)


def file_of_config(name: str | Path) -> str:
    """Return the file of a configuration as :func:`~mmradar.package_configs.config_path` does.

    Raises:
        ConfigError: There is no such name; the message lists similar ones, those of published models first.
    """
    try:
        return config_path(name)
    except ConfigError:
        if '::' in str(name):
            raise
        near = difflib.get_close_matches(str(name), published_models(), n=3, cutoff=0.85)
        if not near:
            raise
        raise ConfigError(
            f'no model, file or configuration {name}; did you mean {" or ".join(map(repr, near))}?'
        ) from None


def _of_plugin(plugin: str | None) -> Iterator[PublishedModel]:
    """Yield the published models of a plugin, or of the package itself."""
    try:
        metafile = config_folder(plugin) / 'metafile.yml'
    except ConfigError:  # a plugin that only registers classes
        return
    if not metafile.is_file():
        return
    folder, prefix = _PACKAGE.parent, ''
    if plugin is not None:
        package = plugin_folder(plugin)
        assert package is not None  # it has configurations
        folder, prefix = package.parent, f'{plugin}::'
    for entry in yaml.safe_load(metafile.read_text(encoding='utf-8'))['Models']:
        if 'Weights' in entry:
            yield PublishedModel(
                name=entry['Alias'],
                config=prefix + Path(entry['Config']).relative_to('configs').with_suffix('').as_posix(),
                checkpoint=folder / entry['Weights'],
                sha256=entry['Metadata']['SHA256'],
                plugin=plugin,
                metadata=entry['Metadata'],
                results=tuple(entry['Results']),
            )
