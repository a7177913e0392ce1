"""Building the native kernels, and running them on threads, in workers and in forked processes."""

import ctypes
import multiprocessing
import os
import platform
import subprocess
import sys

import pytest
import torch
from test_ops.scan_cases import arguments, outputs_and_gradients, relative_errors, skip_unless_available

from mmradar.ops import backends, causal_conv1d, selective_scan
from mmradar.ops.native import library, load_native_library, parallel


@pytest.fixture
def rebuilt(monkeypatch, tmp_path):
    """The library is looked for anew, in a cache of its own, before and after the test."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    load_native_library.cache_clear()
    backends._say_once.cache_clear()
    yield tmp_path
    load_native_library.cache_clear()


def plain_arguments(*shape):
    return {k: v.detach() for k, v in arguments(*shape, dtype=torch.float32).items()}


def assert_falls_back_with_one_notice(match):
    args = plain_arguments(1, 20, 8, 4)
    with pytest.warns(UserWarning, match=match) as notices:
        first = selective_scan(**args, delta_softplus=True)
        second = selective_scan(**args, delta_softplus=True)
        causal_conv1d(args['u'], torch.ones(8, 4))
    assert len(notices) == 1 and len(str(notices[0].message).splitlines()) == 1
    torch.testing.assert_close(first, selective_scan(**args, delta_softplus=True, backend='reference'))
    assert torch.equal(first, second)
    with pytest.raises(RuntimeError, match=f"backend 'cpu' cannot run here: .*{match}"):
        selective_scan(**args, backend='cpu')


def test_no_compiler(rebuilt, monkeypatch):
    monkeypatch.setenv('CC', 'no-such-compiler')
    assert_falls_back_with_one_notice('no C compiler found')


def test_a_compiler_that_fails(rebuilt, monkeypatch):
    compiler = rebuilt / 'broken-cc'
    compiler.write_text('#!/bin/sh\necho "cannot find stdint.h" >&2\nexit 1\n')
    compiler.chmod(0o755)
    monkeypatch.setenv('CC', str(compiler))
    assert_falls_back_with_one_notice('broken-cc failed: cannot find stdint.h')


def test_a_cache_that_cannot_be_written(rebuilt, monkeypatch):
    skip_unless_available('cpu')
    load_native_library.cache_clear()
    (rebuilt / 'file').write_text('in the way of the folder')
    monkeypatch.setenv('XDG_CACHE_HOME', str(rebuilt / 'file'))
    assert_falls_back_with_one_notice('cannot build or load the kernels in')


def test_built_once_then_loaded(rebuilt, monkeypatch):
    skip_unless_available('cpu')
    (built,) = (rebuilt / 'mmradar').iterdir()
    load_native_library.cache_clear()
    monkeypatch.setattr(library, '_build', lambda *_: pytest.fail('built again'))
    assert load_native_library()[1] is None
    assert [built] == list((rebuilt / 'mmradar').iterdir())


WIDTHS = [('x86-64', 4, 'sse2'), ('x86-64-v3', 8, 'avx2'), ('x86-64-v4', 16, 'avx512f')]


@pytest.mark.skipif(platform.machine() != 'x86_64', reason='the instruction sets are those of x86-64')
@pytest.mark.parametrize(
    'march, lanes, flag', [('x86-64', 4, 'sse2'), ('x86-64-v3', 8, 'avx2'), ('x86-64-v4', 16, 'avx512f')]
)
def test_every_vector_width(rebuilt, monkeypatch, march, lanes, flag):
    skip_unless_available('cpu')
    if flag not in library._processor().split():
        pytest.skip(f'this processor has no {flag}')
    load_native_library.cache_clear()
    flags = [f'-march={march}' if f.startswith('-march') else f for f in library._FLAGS]
    monkeypatch.setattr(library, '_FLAGS', tuple(flags))
    assert load_native_library()[0].vector_lanes() == lanes
    expected = outputs_and_gradients(arguments(2, 75, 21, 5), backend='reference')
    found = outputs_and_gradients(arguments(2, 75, 21, 5, torch.float32), backend='cpu')
    errors = relative_errors(expected, found)
    assert max(errors.values()) <= 6e-6, errors


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def everything(batch=1):
    args = arguments(batch, 500, 200, 6, torch.float32)
    scanned = outputs_and_gradients(args, backend='cpu')
    x, weight = args['u'], torch.linspace(-1, 1, 800).view(200, 4).requires_grad_()
    y = causal_conv1d(x, weight, activation='silu', backend='cpu')
    return [*scanned.values(), y, *torch.autograd.grad(y.square().sum(), (x, weight))]


@pytest.mark.parametrize('batch', [1, 3])
def test_bit_for_bit_the_same_on_any_number_of_threads(threads, batch):
    skip_unless_available('cpu')
    threads(1)
    alone = everything(batch)
    for number in (2, 5):
        threads(number)
        assert all(torch.equal(a, b) for a, b in zip(alone, everything(batch)))


def test_threads_of_our_own_where_openmp_cannot_be_called(threads, monkeypatch):
    skip_unless_available('cpu')
    threads(1)
    alone = everything()
    threads(3)
    monkeypatch.setattr(parallel, '_openmp_parallel', lambda: None)
    assert all(torch.equal(a, b) for a, b in zip(alone, everything()))


def test_a_kernel_without_memory_says_so(monkeypatch):
    skip_unless_available('cpu')
    failing = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] + [ctypes.c_int64] * 4)(lambda *_: 1)
    native, _ = load_native_library()

    class Library:
        team_work, selective_scan_forward = native.team_work, failing

    monkeypatch.setattr(parallel, 'load_native_library', lambda: (Library, None))
    monkeypatch.setattr(parallel, '_threads', lambda: 1)
    with pytest.raises(MemoryError, match='selective_scan_forward found no memory'):
        parallel.run_kernel('selective_scan_forward', parallel._Team(), 1, 1, 1)


def scan_in_child(queue):
    queue.put(selective_scan(**plain_arguments(1, 300, 64, 4), delta_softplus=True, backend='cpu').sum().item())


def test_a_forked_process_does_not_wait_for_threads_that_are_not_there(threads):
    skip_unless_available('cpu')
    threads(2)
    expected = selective_scan(**plain_arguments(1, 300, 64, 4), delta_softplus=True, backend='cpu').sum().item()
    context = multiprocessing.get_context('fork')
    queue = context.SimpleQueue()
    child = context.Process(target=scan_in_child, args=(queue,))
    child.start()
    child.join(60)
    if child.is_alive():
        child.kill()
        pytest.fail('the forked process hangs')
    assert child.exitcode == 0
    # torch's sum is left to one thread's order in the child, and to two here
    assert queue.get() == pytest.approx(expected, rel=1e-5)


class Scans(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        args = {k: v.detach() for k, v in arguments(1, 100, 64, 4, torch.float32, seed=index).items()}
        return selective_scan(**args, delta_softplus=True)


def test_data_loader_workers():
    skip_unless_available('cpu')
    alone, parallel_ = (list(torch.utils.data.DataLoader(Scans(), num_workers=n, timeout=60 * bool(n))) for n in (0, 2))
    assert all(torch.equal(a, b) for a, b in zip(alone, parallel_))


def test_module_prints_what_runs_here(tmp_path):
    environment = {**os.environ, 'CC': 'no-such-compiler', 'XDG_CACHE_HOME': str(tmp_path)}
    done = subprocess.run(
        [sys.executable, '-m', 'mmradar.ops'], env=environment, capture_output=True, text=True, check=True
    )
    tables = {}
    for line in done.stdout.splitlines():
        if line.startswith('  '):
            tables[operator].update([line.split(maxsplit=1)])
        elif ' on cpu, ' in line:
            operator = line.split()[0]
            tables[operator] = {}
    scan, convolution = tables['selective_scan'], tables['causal_conv1d']
    assert scan['cpu'] == convolution['cpu'] == 'no: no C compiler found (cc, or the one that CC names)'
    assert scan['torch'] == scan['reference'] == convolution['torch'] == 'yes'
    assert scan['mamba_ssm'] == convolution['causal_conv1d'] == 'no: needs CUDA tensors'
