"""Name of the machine on which something was measured."""

from __future__ import annotations

import platform
import re
from pathlib import Path


def processor() -> str:
    """Return the processor's name and its widest vector extension."""
    try:
        text = Path('/proc/cpuinfo').read_text()
    except OSError:
        return platform.processor() or platform.machine()
    name = re.search(r'model name\s*:\s*(.*)', text)
    wide = next((flag for flag in ('avx512f', 'avx2', 'avx') if f' {flag} ' in text), 'neither AVX-512 nor AVX')
    return f'{name[1] if name else platform.machine()}, {wide}'
