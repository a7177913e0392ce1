"""Time and memory, as benchmarks of models take them."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import torch


def synchronise(device: torch.device) -> None:
    """Wait for what a GPU still has to do."""
    if device.type == 'cuda':
        torch.cuda.synchronize()


def shortest(call: Callable[[], object], runs: int, device: torch.device) -> float:
    """Seconds of the fastest of several runs, behind one that does not count."""
    times = []
    for _ in range(runs + 1):
        synchronise(device)
        start = time.perf_counter()
        call()
        synchronise(device)
        times.append(time.perf_counter() - start)
    return min(times[1:])


def peak_mib(device: torch.device) -> float:
    """Of the tensors on a GPU, of the process on a CPU."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
