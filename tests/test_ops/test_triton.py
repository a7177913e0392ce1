"""The Triton kernels: right in Triton's interpreter, and compiled for two GPUs. Neither needs a GPU."""

import os
import subprocess
import sys

import pytest
import torch
from test_ops.scan_cases import arguments, outputs_and_gradients, relative_errors

from mmradar.ops import available_backends, selective_scan
from mmradar.ops.selective_scan import fused_triton

pytest.importorskip('triton', reason='Triton is not installed: pip install triton==3.6.0')
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'


@pytest.fixture
def small_tiles(monkeypatch):
    """The interpreter works element by element, and a tile has all its elements however few channels there are."""
    if DEVICE == 'cpu':
        monkeypatch.setattr(fused_triton, '_TILE', 16 * 2 * 4)
        monkeypatch.setattr(fused_triton, '_ELEMENTS', 8)


def on_device(arguments):
    return {k: v.detach().to(DEVICE).requires_grad_() for k, v in arguments.items()}


# 16 tokens a chunk: one, two, exactly two, three; states and channels that do and do not fill a tile
@pytest.mark.parametrize('reverse', [False, True])
@pytest.mark.parametrize('shape', [(1, 1, 2, 1), (2, 17, 3, 4), (1, 32, 2, 3), (2, 37, 5, 2)])
def test_outputs_and_every_gradient_equal_the_float64_reference(small_tiles, shape, reverse):
    expected = outputs_and_gradients(arguments(*shape), backend='reference', reverse=reverse)
    single = on_device(arguments(*shape, dtype=torch.float32))
    found = outputs_and_gradients(single, backend='triton', reverse=reverse)
    errors = relative_errors(expected, {k: v.cpu() for k, v in found.items()})
    assert max(errors.values()) <= 1e-5, errors


@pytest.mark.parametrize('absent', ['D', 'z', 'delta_bias', 'softplus'])
def test_without_optional_arguments(small_tiles, absent):
    def run(dtype, backend):
        args = {k: v for k, v in arguments(1, 20, 3, 2, dtype).items() if k != absent}
        args['delta'] = (args['delta'].detach().abs() + 3).requires_grad_()
        args = on_device(args) if backend == 'triton' else args
        found = outputs_and_gradients(args, absent != 'softplus', backend=backend)
        return {k: v.cpu() for k, v in found.items()}

    errors = relative_errors(run(torch.float64, 'reference'), run(torch.float32, 'triton'))
    assert max(errors.values()) <= 1e-5, errors


def test_more_chunks_than_are_handed_over_at_once(small_tiles, monkeypatch):
    monkeypatch.setattr(fused_triton, '_CHUNKS_AT_ONCE', 2)
    expected = outputs_and_gradients(arguments(1, 75, 2, 2), backend='reference')
    found = outputs_and_gradients(on_device(arguments(1, 75, 2, 2, torch.float32)), backend='triton')
    errors = relative_errors(expected, {k: v.cpu() for k, v in found.items()})
    assert max(errors.values()) <= 1e-5, errors


@torch.no_grad()
def test_slices_and_half_precision_tokens(small_tiles):
    args = {k: v.detach() for k, v in arguments(2, 20, 4, 2, torch.float32).items()}
    tokens = {k: v.bfloat16() for k, v in args.items() if v.ndim == 3}
    wide = torch.cat(list(tokens.values()), dim=-1)
    sliced = dict(zip(tokens, wide.split([v.shape[-1] for v in tokens.values()], dim=-1)))
    half = on_device({**args, **sliced})
    assert DEVICE == 'cuda' or not half['u'].is_contiguous()
    y = selective_scan(**half, delta_softplus=True, backend='triton')
    exact = {k: v.detach().cpu().double() for k, v in half.items()}
    expected = selective_scan(**exact, delta_softplus=True, backend='reference')
    assert y.dtype == torch.bfloat16
    rounding = 2**-8 if DEVICE == 'cuda' else 2**-7  # the interpreter cuts off where a GPU rounds
    assert (y.cpu().double() - expected).abs().max() <= rounding * expected.abs().max()


@pytest.mark.skipif(DEVICE == 'cuda', reason='this is about machines without a GPU')
def test_the_interpreter_is_never_chosen_by_itself():
    assert available_backends('cpu')['triton'] is None
    backends = list(available_backends('cpu'))
    assert backends.index('triton') > backends.index('reference')


COMPILE = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from mmradar.ops.selective_scan import triton_kernels

flags = dict(HAS_D=True, HAS_Z=True, BIAS=True, SOFTPLUS=True, REVERSE=True, FIRST=True, BACKWARDS=True)
tile = dict(T=16, BD=16, N=16, K=32, BE=64)
for name in ('chunk_states', 'hand_over', 'chunk_outputs', 'chunk_adjoints', 'chunk_gradients'):
    kernel = getattr(triton_kernels, name)
    numbers = ('length', 'dim', 'state', 'chunks', 'batch')
    signature = {
        p.name: 'constexpr' if p.is_constexpr
        else 'i32' if p.name in numbers or p.name.endswith(('_batch', '_token'))
        else '*fp32'
        for p in kernel.params
    }
    constants = {p.name: (flags | tile)[p.name] for p in kernel.params if p.is_constexpr}
    for capability in (80, 90):
        source = ASTSource(kernel, signature=signature, constexprs=constants)
        compiled = triton.compile(source, target=GPUTarget('cuda', capability, 32))
        print(name, capability, len(compiled.asm['cubin']))
"""


def test_kernels_compile_for_ampere_and_hopper(tmp_path):
    """To machine code, by Triton's own compiler; what the interpreter accepts need not compile."""
    environment = {k: v for k, v in os.environ.items() if k != 'TRITON_INTERPRET'}
    environment['TRITON_CACHE_DIR'] = str(tmp_path)
    done = subprocess.run([sys.executable, '-c', COMPILE], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    sizes = [line.split() for line in done.stdout.splitlines()]
    assert len(sizes) == 10 and all(int(size) > 1000 for _, _, size in sizes)
