"""Builds the native kernel on first use, with the system's C compiler, and keeps it."""

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

_SOURCE = Path(__file__).with_name('scan_cpu.c')
_FLAGS = ('-O3', '-march=native', '-std=gnu11', '-shared', '-fPIC')


def _processor() -> str:
    """What the vector width depends on; a home directory may be shared by different machines."""
    try:
        flags = next(line for line in Path('/proc/cpuinfo').read_text().splitlines() if line.startswith('flags'))
    except (OSError, StopIteration):
        flags = platform.processor()
    return f'{platform.machine()} {flags}'


def _cache_folder() -> Path:
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'mmradar'


@functools.cache
def load_native_scan() -> tuple[ctypes.CDLL | None, str | None]:
    """The library, or ``None`` and the reason why there is none. Builds it once per machine, in about a second."""
    compiler = shutil.which(os.environ.get('CC', 'cc'))
    if compiler is None:
        return None, 'no C compiler found (cc, or the one that CC names)'
    key = hashlib.sha256('\n'.join([_SOURCE.read_text(), compiler, *_FLAGS, _processor()]).encode()).hexdigest()[:16]
    path = _cache_folder() / f'selective_scan_{key}.so'
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent) as folder:
                built = Path(folder) / path.name
                subprocess.run(
                    [compiler, *_FLAGS, str(_SOURCE), '-o', str(built)], check=True, capture_output=True, text=True
                )
                os.replace(built, path)  # another process may be building the same
        library = ctypes.CDLL(str(path))
    except subprocess.CalledProcessError as error:
        return None, f'{compiler} failed: {error.stderr.strip().splitlines()[0] if error.stderr.strip() else error}'
    except OSError as error:
        return None, f'cannot build or load it in {path.parent}: {error}'
    pointers, sizes = [ctypes.c_void_p], [ctypes.c_int64]
    library.scan_forward.argtypes = pointers * 8 + sizes * 5 + [ctypes.c_int]
    library.scan_backward.argtypes = pointers * 13 + sizes * 5 + [ctypes.c_int]
    return library, None
