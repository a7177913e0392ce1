"""Running a native kernel on as many threads as torch uses."""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

from mmradar.ops.native.library import load_native_library

_MOST_PIECES = 32  # keeps 16 threads evenly busy


class _Team(ctypes.Structure):
    """``struct team`` of team.h."""

    _fields_ = (
        ('kernel', ctypes.c_void_p),
        ('arguments', ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ('batch', 'units', 'parts', 'next', 'failures')),
    )


_in_forked_child = False


def _after_fork() -> None:
    """Record that this process is a forked child.

    Threads of OpenMP or of a pool do not exist in a forked child; waiting for them would never end.
    """
    global _in_forked_child
    _in_forked_child = True


os.register_at_fork(after_in_child=_after_fork)


@functools.cache
def _openmp_parallel() -> Callable | None:
    """Return the function that runs work on torch's own OpenMP threads, or ``None`` if it cannot be called from here.

    After each parallel operation of torch, these threads keep the cores busy for a while, waiting for the next one. Any
    other threads would have to share the cores with them.
    """
    parallel = getattr(ctypes.CDLL(None), 'GOMP_parallel', None)
    if parallel is not None:
        parallel.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint)
        parallel.restype = None
    return parallel


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix='mmradar')


def _run_on_pool(work: Callable[[], None], threads: int) -> None:
    others = [_pool(threads - 1).submit(work) for _ in range(threads - 1)]
    work()
    for other in others:
        other.result()


def _threads() -> int:
    return 1 if _in_forked_child else torch.get_num_threads()


def parts_of(units: int, batch: int, grain: int) -> int:
    """Return the number of ranges into which the units of each batch element are cut.

    It must not depend on the number of threads: sums over units are formed range by range, and would round differently.

    Args:
        units: Units of work in each batch element.
        batch: Number of batch elements.
        grain: Largest number of units in a range, unless this makes more ranges than threads can use.
    """
    return min(-(-units // grain), -(-_MOST_PIECES // batch))


def run_kernel(name: str, arguments: ctypes.Structure, batch: int, units: int, parts: int) -> None:
    """Run a kernel over all batch elements and all ranges of their units.

    Args:
        name: Name of the C function.
        arguments: Structure of its arguments.
        batch: Number of batch elements.
        units: Units of work, such as blocks of channels, in each batch element.
        parts: Ranges of units in each batch element, from :func:`parts_of`.

    Raises:
        MemoryError: There was no memory for the kernel's buffers.
        RuntimeError: There are no native kernels.
    """
    library, reason = load_native_library()
    if library is None:
        raise RuntimeError(f'{name} cannot run: {reason}')
    kernel = ctypes.cast(getattr(library, name), ctypes.c_void_p)
    team = _Team(kernel, ctypes.addressof(arguments), batch, units, parts)
    threads = min(_threads(), batch * parts)
    if threads == 1:
        library.team_work(ctypes.byref(team))
    elif parallel := _openmp_parallel():
        parallel(ctypes.cast(library.team_work, ctypes.c_void_p), ctypes.addressof(team), threads, 0)
    else:
        _run_on_pool(lambda: library.team_work(ctypes.byref(team)), threads)
    if team.failures:
        raise MemoryError(f'{name} found no memory for its buffers')
