"""Names and files of the configurations that come with the package."""

from __future__ import annotations

import difflib
from pathlib import Path

from mmradar.errors import ConfigError

_PACKAGE = Path(__file__).parents[1]


def config_folder() -> Path:
    """Return the folder of the package's configurations: in the installed package, or else in the repository."""
    installed = _PACKAGE / '.mim' / 'configs'
    return installed if installed.is_dir() else _PACKAGE.parent / 'configs'


def config_names() -> list[str]:
    """Return the names of the package's configurations.

    A name is a path below :func:`config_folder` without suffix, such as ``'ablations/millimamba_t3_hupr'``.
    """
    folder = config_folder()
    paths = [path.relative_to(folder).with_suffix('') for path in folder.rglob('*.py')]
    return sorted(path.as_posix() for path in paths if not {'_base_', 'suites'} & set(path.parts))


def config_path(config: str | Path) -> str:
    """Return the path of a configuration that is given as a file or as one of :func:`config_names`.

    Raises:
        ConfigError: There is no such name.
    """
    is_name = Path(config).suffix != '.py' and not Path(config).is_file()
    return str(find_config(str(config)) if is_name else config)


def find_config(name: str) -> Path:
    """Return the file of one of :func:`config_names`.

    Raises:
        ConfigError: There is no such name; the message lists similar ones.
    """
    names = config_names()
    if name not in names:
        last_parts = {known.rsplit('/', 1)[-1]: known for known in names}
        near = [known for known in difflib.get_close_matches(name, [*names, *last_parts], n=6)]
        near = list(dict.fromkeys(last_parts.get(known, known) for known in near))
        hint = f'did you mean {" or ".join(map(repr, near[:3]))}?' if near else f'there are {", ".join(names)}'
        raise ConfigError(f'no file {name}, and no configuration of that name in {config_folder()}; {hint}')
    return config_folder() / f'{name}.py'
