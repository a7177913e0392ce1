"""Stand-ins for the parts of mmpose 1.3 that need packages mmradar does not.

``import mmpose.models`` reaches for compiled mmcv ops, mmdet, torchvision and xtcocotools, none of which a radar
model uses and some of which have no wheel for recent Python or numpy. :func:`install_stand_ins` puts a finder at the
*end* of ``sys.meta_path``: it is asked only after every real finder has said no, so a package that is installed is
never hidden. Whatever is taken from a stand-in imports, and raises :class:`MissingPackageError` once it is called.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import warnings
from types import ModuleType

# module -> what a user would install to get the real thing
_STAND_INS = {
    'mmcv._ext': 'the full mmcv (compiled from source; mmcv-lite has no ops)',
    'mmdet': 'mmdet',
    'mmdet.utils': 'mmdet',
    'torchvision': 'torchvision',
    'torchvision.transforms': 'torchvision',
    'xtcocotools': 'xtcocotools',
    'xtcocotools.coco': 'xtcocotools',
    'xtcocotools.cocoeval': 'xtcocotools',
    'xtcocotools.mask': 'xtcocotools',
}

# What another package, which mmradar has anyway, does just as well: xtcocotools is a fork of pycocotools that changed
# the evaluation, not the reading of annotations.
_INSTEAD = {'xtcocotools.coco.COCO': 'pycocotools.coco'}


class MissingPackageError(ImportError):
    """An op of a package that is not installed was called."""


def _missing(qualified_name: str, package: str) -> type:
    """A class (so that it can be subclassed, called or named in a type hint) that raises when it is used."""

    def refuse(self, *args, **kwargs):
        raise MissingPackageError(
            f'{qualified_name} was called, but it is only a stand-in: mmradar runs without it. '
            f'To use this part of mmpose, install {package}.'
        )

    name = qualified_name.rpartition('.')[2]
    return type(name, (), {'__init__': refuse, '__module__': qualified_name.rpartition('.')[0]})


class _StandInModule(ModuleType):
    """A module whose every public attribute is a class that refuses to be used, but for those in ``_INSTEAD``."""

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)
        qualified_name = f'{self.__name__}.{name}'
        if qualified_name in _INSTEAD:
            attribute = getattr(importlib.import_module(_INSTEAD[qualified_name]), name)
        else:
            attribute = _missing(qualified_name, _STAND_INS[self.__name__])
        setattr(self, name, attribute)
        return attribute


class _StandInFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a module of ``_STAND_INS`` when nobody else did."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in _STAND_INS:
            return None
        parent = fullname.rpartition('.')[0]
        # A missing submodule of a package that is really there is that package's own affair (mmcv._ext excepted:
        # it is exactly what mmcv-lite leaves out).
        if parent and parent != 'mmcv' and not is_stand_in(parent):
            return None
        is_package = any(name.startswith(f'{fullname}.') for name in _STAND_INS)
        return importlib.machinery.ModuleSpec(fullname, self, is_package=is_package)

    def create_module(self, spec):
        return _StandInModule(spec.name)

    def exec_module(self, module):
        module.__version__ = '0.0.0+mmradar.stand.in'


def is_stand_in(name: str) -> bool:
    """Whether the imported module ``name`` is one of this file's stand-ins."""
    return isinstance(sys.modules.get(name), _StandInModule)


def _replace_if_broken(package: str, probe: str) -> None:
    """Stand in for an installed ``package`` whose binary cannot be imported (xtcocotools' wheel with numpy 2)."""
    if importlib.util.find_spec(package) is None:
        return
    try:
        importlib.import_module(probe)
    except Exception as error:  # the binary's own failure: ValueError, ImportError or worse, and said below
        for name in [n for n in sys.modules if n == package or n.startswith(f'{package}.')]:
            del sys.modules[name]
        warnings.warn(
            f'{package} is installed but cannot be imported ({error}); mmradar goes on without it.', stacklevel=2
        )
        for name in sorted(n for n in _STAND_INS if n == package or n.startswith(f'{package}.')):
            module = _StandInModule(name)
            module.__path__ = []
            module.__version__ = '0.0.0+mmradar.stand.in'
            sys.modules[name] = module


def install_stand_ins() -> None:
    """Make ``mmpose.models``, ``.datasets``, ``.evaluation`` and ``.visualization`` importable. Idempotent."""
    if any(isinstance(finder, _StandInFinder) for finder in sys.meta_path):
        return
    _replace_if_broken('xtcocotools', 'xtcocotools.mask')
    sys.meta_path.append(_StandInFinder())
