"""Independent jobs in parallel processes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

import torch

from mmradar.memory import keep_freed_memory

Result = TypeVar('Result')


def run_jobs(function: Callable[..., Result], jobs: Sequence[tuple], workers: int = 1) -> Iterator[Result]:
    """Call a function once per job, with one thread per job; yield the results as they finish.

    Args:
        function: Function that can be imported by name.
        jobs: Positional arguments of each call.
        workers: Number of processes; with one, the jobs run in this process, in order.

    Raises:
        Exception: The exception of the first job that fails; jobs that have not started are cancelled.
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
        with _without_interrupts():  # this starts the workers; an interrupt is for this process, which then ends them
            pending = [pool.submit(function, *job) for job in jobs]
        try:
            for future in as_completed(pending):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C, and let processes that start meanwhile ignore it from their first moment on."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _prepare() -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
