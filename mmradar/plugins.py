"""Installed packages that extend mmradar: they register classes, and bring configurations with names.

A package announces itself in its ``pyproject.toml`` by an entry point: its name, and the module whose import registers
its classes.

.. code-block:: toml

    [project.entry-points."mmradar.plugins"]
    hummuss = "hummuss"
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import logging
from pathlib import Path

from mmengine.logging import print_log

GROUP = 'mmradar.plugins'
_imported: set[str] = set()


def plugins() -> dict[str, str]:
    """Return the modules of the installed plugins by the plugins' names, without importing them."""
    return {point.name: point.value for point in sorted(importlib.metadata.entry_points(group=GROUP))}


def plugin_folder(name: str) -> Path | None:
    """Return the folder of a plugin's module, without importing it; ``None`` if it is not installed."""
    module = plugins().get(name)
    spec = importlib.util.find_spec(module) if module else None
    return Path(spec.origin).parent if spec and spec.origin else None


def import_plugins() -> bool:
    """Import the installed plugins, each once, which registers their classes.

    A plugin that cannot be imported is reported in the log and left out: the others work without it.

    Returns:
        ``True`` if any was imported that had not been before.
    """
    new = {name: module for name, module in plugins().items() if name not in _imported}
    _imported.update(new)
    for name, module in new.items():
        try:
            importlib.import_module(module)
        except Exception as error:  # of foreign code: whatever it is, the log shows it
            print_log(
                f'the plugin {name} ({module}) cannot be imported and is left out: {type(error).__name__}: {error}',
                'current',
                logging.WARNING,
            )
    return bool(new)
