"""Names and files of the configurations that come with the package and with its installed plugins."""

from __future__ import annotations

import difflib
from pathlib import Path

from mmradar.errors import ConfigError
from mmradar.plugins import plugin_folder, plugins

OWN_PREFIX = 'mmradar'  # of the package's own configurations, as in 'mmradar::millimamba_hupr'
_PACKAGE = Path(__file__).parent


def config_folder(plugin: str | None = None) -> Path:
    """Return the folder of the package's configurations: in the installed package, or else in the repository.

    Args:
        plugin: Name of an installed plugin (:mod:`mmradar.plugins`), for the folder of its configurations instead. They
            are in ``.mim/configs`` of its package, or else in ``configs`` next to it.

    Raises:
        ConfigError: No such plugin is installed, or it has no configurations.
    """
    package = _PACKAGE if plugin is None else plugin_folder(plugin)
    if package is None:
        raise ConfigError(
            f'no plugin {plugin!r} is installed; there are {", ".join(plugins()) or "none"}. Those of the repository '
            'are installed with `pip install -e projects/NAME`'
        )
    installed = package / '.mim' / 'configs'
    folder = installed if installed.is_dir() else package.parent / 'configs'
    if plugin is not None and not folder.is_dir():
        raise ConfigError(f'the plugin {plugin!r} has no configurations, neither in {installed} nor in {folder}')
    return folder


def config_names(plugin: str | None = None) -> list[str]:
    """Return the names of the package's configurations, or those of an installed plugin.

    A name is a path below :func:`config_folder` without suffix, such as ``'ablations/millimamba_t3_hupr'``. Those of a
    plugin begin with its name, as in ``'hummuss::hummuss_small_motion'``.

    Raises:
        ConfigError: See :func:`config_folder`.
    """
    folder = config_folder(plugin)
    paths = [path.relative_to(folder).with_suffix('') for path in folder.rglob('*.py')]
    names = sorted(path.as_posix() for path in paths if not {'_base_', 'suites'} & set(path.parts))
    return names if plugin is None else [f'{plugin}::{name}' for name in names]


def config_path(config: str | Path) -> str:
    """Return the path of a configuration that is given as a file or as one of :func:`config_names`.

    Raises:
        ConfigError: There is no such name.
    """
    is_name = '::' in str(config) or (Path(config).suffix != '.py' and not Path(config).is_file())
    return str(find_config(str(config)) if is_name else config)


def find_config(name: str) -> Path:
    """Return the file of one of :func:`config_names`.

    Args:
        name: Name of one of the package's configurations, also as ``'mmradar::NAME'``, or ``'PLUGIN::NAME'``.

    Raises:
        ConfigError: There is no such name; the message lists similar ones.
    """
    name = name.removeprefix(f'{OWN_PREFIX}::')
    plugin = name.partition('::')[0] if '::' in name else None
    names = config_names(plugin)
    if name not in names:
        last_parts = {known.rsplit('/', 1)[-1]: known for known in names}
        near = [known for known in difflib.get_close_matches(name, [*names, *last_parts], n=6)]
        near = list(dict.fromkeys(last_parts.get(known, known) for known in near))
        hint = f'did you mean {" or ".join(map(repr, near[:3]))}?' if near else f'there are {", ".join(names)}'
        raise ConfigError(f'no file {name}, and no configuration of that name in {config_folder(plugin)}; {hint}')
    return config_folder(plugin) / f'{name.rpartition("::")[2]}.py'
