"""Import of the modules that a configuration names in ``custom_imports``."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from mmradar.errors import ConfigError


def import_custom_modules(config: Config, files: Iterable[str | Path]) -> None:
    """Import the modules in ``custom_imports``, which register their classes.

    A module is imported from where Python finds it, or else from the nearest folder that contains it, of those in which
    the configuration and its bases are and those above. So the configurations of a project work without its
    installation. The folder is appended to ``sys.path``: modules that Python finds without it stay the same.

    Args:
        config: Configuration, with or without ``custom_imports``.
        files: Files of the configuration and its bases.

    Raises:
        ConfigError: A module is neither found by Python nor in any of these folders.
        ImportError: A module cannot be imported.
    """
    settings = config.get('custom_imports')
    if not settings:
        return
    names = settings.get('imports') or []
    files = [Path(file) for file in files]
    for name in [names] if isinstance(names, str) else names:
        if _is_found(name):
            continue
        folder = _folder_of(name, files)
        if folder is not None:
            sys.path.append(str(folder))
            importlib.invalidate_caches()
        elif not settings.get('allow_failed_imports'):
            above = f', nor in {files[0].resolve().parent} or a folder above it' if files else ''
            raise ConfigError(
                f'custom_imports names {name!r}, which Python does not find{above}. Install the package that contains '
                'it (`pip install -e projects/NAME` for a project of the repository), or put the module next to the '
                'configuration'
            )
    import_modules_from_strings(**settings)


def _is_found(name: str) -> bool:
    """Return whether Python finds a module; a folder without ``__init__.py`` is none."""
    try:
        spec = None if name in sys.modules else importlib.util.find_spec(name)
    except ModuleNotFoundError:  # a package around it is missing
        return False
    return name in sys.modules or (spec is not None and spec.origin is not None)


def _folder_of(name: str, files: Iterable[Path]) -> Path | None:
    """Return the nearest folder in or above those of the files from which a module can be imported."""
    path = Path(*name.split('.'))
    modules = (path / '__init__.py', path.with_suffix('.py'))
    folders = (folder for file in files for folder in file.resolve().parents)
    return next((folder for folder in folders if any((folder / module).is_file() for module in modules)), None)
