"""Independent jobs side by side in processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

import torch

from mmradar.memory import keep_freed_memory

Result = TypeVar('Result')


def run_jobs(function: Callable[..., Result], jobs: Sequence[tuple], workers: int = 1) -> Iterator[Result]:
    """Call a function once for every job, one thread each; yield results as they are done.

    Args:
        function: Importable by name.
        jobs: Its arguments.
        workers: Processes; with one, jobs run here, in their order.

    Raises:
        Exception: What the first failing job raises; jobs that have not begun are cancelled.
    """
    if workers <= 1:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            for job in jobs:
                yield function(*job)
        finally:
            torch.set_num_threads(threads)
        return
    # spawned, not forked: a fork of a process whose threads hold locks can hang
    with ProcessPoolExecutor(workers, mp_context=get_context('spawn'), initializer=_prepare) as pool:
        pending = [pool.submit(function, *job) for job in jobs]
        try:
            for future in as_completed(pending):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _prepare() -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
