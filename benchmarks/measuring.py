"""Time and memory measurement for benchmarks of models."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import torch


def synchronise(device: torch.device) -> None:
    """Wait until a GPU has finished its work."""
    if device.type == 'cuda':
        torch.cuda.synchronize()


def shortest(call: Callable[[], object], runs: int, device: torch.device) -> float:
    """Return the time of the fastest of several runs after a warm-up run, in s."""
    times = []
    for _ in range(runs + 1):
        synchronise(device)
        start = time.perf_counter()
        call()
        synchronise(device)
        times.append(time.perf_counter() - start)
    return min(times[1:])


def peak_mib(device: torch.device) -> float:
    """Return the peak memory in MiB: of the tensors on a GPU, or of the process on a CPU."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
