"""Bases of configurations by name, as ``_base_ = 'mmradar::millimamba_small_simhupr'``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.config import Config

from mmradar.package_configs import OWN_PREFIX, find_config
from mmradar.plugins import plugins


def named_base(name: str) -> str | None:
    """Return the file of a base named ``'mmradar::NAME'`` or ``'PLUGIN::NAME'``; ``None`` for a base of another kind.

    Raises:
        ConfigError: The package or plugin has no such configuration.
    """
    package, separator, _ = name.partition('::')
    if not separator or package not in (OWN_PREFIX, *plugins()):
        return None
    return str(find_config(name.removesuffix('.py')))


@contextmanager
def named_bases() -> Iterator[None]:
    """Let mmengine find named bases while it reads a configuration.

    By itself, it finds those of other packages only in folders of a built wheel, and not in an editable installation.
    """
    own = Config._get_cfg_path

    def path_of(cfg_path: str, filename: str) -> tuple[str, str | None]:
        path = named_base(cfg_path)
        return own(cfg_path, filename) if path is None else (path, None)

    Config._get_cfg_path = staticmethod(path_of)
    try:
        yield
    finally:
        Config._get_cfg_path = staticmethod(own)
