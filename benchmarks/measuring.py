"""What benchmarks share: peak memory, and measurements in a process of their own."""

from __future__ import annotations

import json
import resource
import subprocess
from collections.abc import Sequence
from typing import Any

import torch


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
