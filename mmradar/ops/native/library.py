"""The library of native kernels, built on first use with the system's C compiler and kept in a cache."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from mmradar.ops.compilation import assume_constant

_SOURCE = Path(__file__).with_name('kernels.c')
_FLAGS = ('-O3', '-march=native', '-std=gnu11', '-shared', '-fPIC')


def _processor() -> str:
    """Describe what the vector width depends on: different machines may share a home directory, and so the cache."""
    try:
        flags = next(line for line in Path('/proc/cpuinfo').read_text().splitlines() if line.startswith('flags'))
    except (OSError, StopIteration):
        flags = platform.processor()
    return f'{platform.machine()} {flags}'


def _cache_folder() -> Path:
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'mmradar'


def _build(compiler: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        built = Path(folder) / path.name
        subprocess.run([compiler, *_FLAGS, str(_SOURCE), '-o', str(built)], check=True, capture_output=True, text=True)
        os.replace(built, path)  # atomic: another process may be building the same file


@functools.cache
def load_native_library() -> tuple[ctypes.CDLL | None, str | None]:
    """Return the kernels and ``None``, or ``None`` and the reason why there are none.

    They are built once on each machine, in about two seconds.
    """
    compiler = shutil.which(os.environ.get('CC', 'cc'))
    if compiler is None:
        return None, 'no C compiler found (cc, or the one that CC names)'
    sources = [file.read_text() for file in sorted(_SOURCE.parent.glob('*.[ch]'))]
    key = hashlib.sha256('\n'.join([*sources, compiler, *_FLAGS, _processor()]).encode()).hexdigest()[:16]
    path = _cache_folder() / f'kernels_{key}.so'
    try:
        if not path.is_file():
            _build(compiler, path)
        return ctypes.CDLL(str(path)), None
    except subprocess.CalledProcessError as error:
        return None, f'{compiler} failed: {(error.stderr.strip() or str(error)).splitlines()[0]}'
    except OSError as error:
        return None, f'cannot build or load the kernels in {path.parent}: {error}'


def require_native_library() -> ctypes.CDLL:
    """Return the kernels.

    Raises:
        RuntimeError: There are none.
    """
    library, reason = load_native_library()
    if library is None:
        raise RuntimeError(f'mmradar has no native kernels here: {reason}')
    return library


@assume_constant
def native_library_missing() -> str | None:
    """Return why there are no native kernels, or ``None`` if there are."""
    return load_native_library()[1]
