"""What benchmarks share: the machine's name, peak memory, and measurements in a process of their own."""

from __future__ import annotations

import json
import platform
import re
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch


def processor() -> str:
    """Return the processor's name and its widest vector extension."""
    try:
        text = Path('/proc/cpuinfo').read_text()
    except OSError:
        return platform.processor() or platform.machine()
    name = re.search(r'model name\s*:\s*(.*)', text)
    wide = next((flag for flag in ('avx512f', 'avx2', 'avx') if f' {flag} ' in text), 'neither AVX-512 nor AVX')
    return f'{name[1] if name else platform.machine()}, {wide}'


def peak_mib(device: torch.device) -> float:
    """Return the peak memory in MiB: of the tensors on a GPU, or of the process on a CPU."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured_alone(command: Sequence[str]) -> dict[str, Any] | str:
    """Run a measurement in a process of its own, so that neither its memory nor its end concern others.

    Args:
        command: Command whose last line of output is the result in JSON.

    Returns:
        The result; or, if the process failed, the end of its error message or the signal that ended it.
    """
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode < 0:
        return f'ended by signal {-process.returncode}: out of memory?'
    if process.returncode:
        lines = process.stderr.strip().splitlines()
        return lines[-1][:60] if lines else f'ended with status {process.returncode}'
    return json.loads(process.stdout.strip().splitlines()[-1])
