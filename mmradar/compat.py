"""Stand-ins for packages that mmpose 1.3 imports and mmradar does not need.

``import mmpose.models`` imports compiled mmcv ops, mmdet, torchvision and xtcocotools, none of which a radar model uses
and some of which have no wheel for recent Python or numpy. :func:`install_stand_ins` puts a finder at the *end* of
``sys.meta_path``: it is asked only after every real finder has failed, so an installed package is never hidden. Every
name can be imported from a stand-in, and raises :class:`MissingPackageError` when it is called.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
import warnings
from types import ModuleType

from mmradar.errors import InstallationError

# module -> what to install for the real module
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

# Names that a package that mmradar requires anyway can supply: xtcocotools is a fork of pycocotools that changed the
# evaluation, not the reading of annotations.
_INSTEAD = {'xtcocotools.coco.COCO': 'pycocotools.coco'}


class MissingPackageError(ImportError):
    """Error of a call into a package that is not installed."""


def _missing(qualified_name: str, package: str) -> type:
    """Return a class (it can be subclassed, called or named in a type hint) that raises when it is instantiated."""

    def refuse(self, *args, **kwargs):
        raise MissingPackageError(
            f'{qualified_name} was called, but it is only a stand-in: mmradar runs without it. '
            f'To use this part of mmpose, install {package}.'
        )

    name = qualified_name.rpartition('.')[2]
    return type(name, (), {'__init__': refuse, '__module__': qualified_name.rpartition('.')[0]})


class _StandInModule(ModuleType):
    """Module whose public attributes are classes that raise when instantiated, except those in ``_INSTEAD``."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__version__ = '0.0.0+mmradar.stand.in'

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
    """Finder of the modules in ``_STAND_INS`` that no other finder has found."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in _STAND_INS:
            return None
        parent = fullname.rpartition('.')[0]
        # No stand-in for a missing submodule of a package that is really installed, except mmcv._ext, which mmcv-lite
        # leaves out.
        if parent and parent != 'mmcv' and not is_stand_in(parent):
            return None
        is_package = any(name.startswith(f'{fullname}.') for name in _STAND_INS)
        return importlib.machinery.ModuleSpec(fullname, self, is_package=is_package)

    def create_module(self, spec):
        return _StandInModule(spec.name)

    def exec_module(self, module):
        """Do nothing: the module makes its attributes on demand."""


def is_stand_in(name: str) -> bool:
    """Return whether the imported module ``name`` is a stand-in made by this file."""
    return isinstance(sys.modules.get(name), _StandInModule)


def _replace_if_broken(package: str, probe: str) -> None:
    """Replace an installed ``package`` whose binary cannot be imported (xtcocotools' wheel with numpy 2)."""
    if importlib.util.find_spec(package) is None:
        return
    try:
        importlib.import_module(probe)
    except Exception as error:  # a broken binary raises ValueError, ImportError or others; the warning shows it
        for name in [n for n in sys.modules if n == package or n.startswith(f'{package}.')]:
            del sys.modules[name]
        warnings.warn(
            f'{package} is installed but cannot be imported ({error}); mmradar goes on without it.', stacklevel=2
        )
        for name in sorted(n for n in _STAND_INS if n == package or n.startswith(f'{package}.')):
            module = _StandInModule(name)
            module.__path__ = []
            sys.modules[name] = module


def install_stand_ins() -> None:
    """Make ``mmpose.models``, ``.datasets``, ``.evaluation`` and ``.visualization`` importable; idempotent."""
    if any(isinstance(finder, _StandInFinder) for finder in sys.meta_path):
        return
    _replace_if_broken('xtcocotools', 'xtcocotools.mask')
    sys.meta_path.append(_StandInFinder())


def check_mmpose() -> None:
    """Check that a version of mmpose is installed that this package works with.

    Raises:
        InstallationError: It is missing, or has another version; the message says how to install it.
    """
    try:
        found = importlib.metadata.version('mmpose')
    except importlib.metadata.PackageNotFoundError:
        found = None
    if found is None or not found.startswith('1.3.'):
        raise InstallationError(
            f'mmradar needs mmpose 1.3, found {found or "none"}. Install it with\n'
            '  pip install --no-deps mmpose==1.3.2\n'
            'without its dependencies: chumpy among them no longer builds, and what else it needs came with mmradar.'
        )
