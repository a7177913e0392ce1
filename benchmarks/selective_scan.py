"""Measure time and memory of the selective scan with each backend of this machine, alone and inside its layer.

Times are the shortest of several runs, in a process that keeps freed memory, so that page faults do not distort them.
If mambapy is installed (``pip install --no-deps mambapy==1.2.0``), its parallel scan is measured too. It pads to a
power of two and therefore gets 16,384 tokens instead of 18,432.
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import linear, silu, softplus

from mmradar.apis.machine import processor
from mmradar.memory import keep_freed_memory
from mmradar.models.layers import VisionMambaLayer
from mmradar.ops import available_backends, causal_conv1d, selective_scan

_SLOW = {'reference': 4096, 'mambapy': 16_384}  # longest sequences that take less than minutes


def scan_arguments(length: int, dim: int, state: int) -> dict[str, Tensor]:
    """Create the inputs of a Mamba layer's scan, batch 1, all of which require a gradient."""
    tensors = dict(
        u=torch.randn(1, length, dim),
        delta=torch.randn(1, length, dim),
        A=-torch.rand(dim, state) * 4 - 0.1,
        B=torch.randn(1, length, state),
        C=torch.randn(1, length, state),
        D=torch.randn(dim),
        z=torch.randn(1, length, dim),
        delta_bias=torch.randn(dim),
    )
    return {name: tensor.requires_grad_() for name, tensor in tensors.items()}


def mambapy_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, z: Tensor, delta_bias: Tensor
) -> Tensor:
    """Compute the same selective scan with mambapy's parallel scan, as in its own Mamba block."""
    from mambapy.pscan import pscan

    delta = softplus(delta + delta_bias)[..., None]
    states = pscan(torch.exp(delta * A), delta * B[:, :, None] * u[..., None])
    return ((states @ C[..., None]).squeeze(-1) + D * u) * silu(z)


def scans() -> dict[str, Callable[..., Tensor]]:
    """Return all scans that can be measured on this machine, by name."""
    found = {
        name: partial(selective_scan, delta_softplus=True, backend=name)
        for name, missing in available_backends().items()
        if missing is None and name != 'triton'  # triton's interpreter is not made for speed
    }
    try:
        import mambapy.pscan  # noqa: F401
    except ImportError:
        return found
    return {**found, 'mambapy': mambapy_scan}


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Set the number of threads of torch, which the native kernels use too, inside a ``with`` block."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    yield
    torch.set_num_threads(before)


def best_ms(run: Callable[[], object], repetitions: int) -> float:
    """Return the shortest time of several runs after a warm-up run, in ms; at most two runs if one takes over 1 s."""
    start = time.perf_counter()
    run()
    if time.perf_counter() - start > 1:
        repetitions = min(repetitions, 2)
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def forward_and_both_ms(
    run: Callable[[], Tensor | tuple[Tensor, ...]], wanted: list[Tensor], repetitions: int
) -> tuple[float, float]:
    """Return the shortest time of ``run`` without gradients, and with gradients by all tensors in ``wanted``, in ms."""

    def train() -> None:
        outputs = run()
        outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
        torch.autograd.grad(outputs, wanted, [torch.ones_like(output) for output in outputs])

    with torch.no_grad():
        forward = best_ms(run, repetitions)
    return forward, best_ms(train, repetitions)


def peak_rss_mb() -> float:
    """Return the peak resident memory of this process, in MB."""
    return int(re.search(r'VmHWM:\s+(\d+)', Path('/proc/self/status').read_text())[1]) * 1024 / 1e6


def extra_memory_mb(backend: str, length: int, dim: int, state: int, backward: bool) -> float:
    """Return the memory that a scan takes in addition to its inputs, including outputs; needs its own process."""
    scan = scans()[backend]

    def run(args: dict[str, Tensor]) -> object:
        with torch.set_grad_enabled(backward):
            y = scan(**args)
            return torch.autograd.grad(y.sum(), list(args.values())) if backward else y

    kept = [run(scan_arguments(16, dim, state))]  # loads code and starts threads
    args = scan_arguments(length, dim, state)
    before = peak_rss_mb()
    kept.append(run(args))
    return peak_rss_mb() - before


def measure_memory(backend: str, length: int, args: argparse.Namespace, backward: bool) -> str:
    """Run :func:`extra_memory_mb` in a process that has nothing else in memory, and return its output."""
    if platform.system() != 'Linux':
        return '-'
    command = [sys.executable, __file__, '--memory-of', backend, '--lengths', str(length), '--dim', str(args.dim)]
    command += ['--state', str(args.state), '--threads', str(args.threads), *(['--backward'] if backward else [])]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def print_scans(args: argparse.Namespace) -> None:
    """Print a row for each backend, length and number of threads."""
    print(f'\nSelective scan, batch 1, {args.dim} channels, state {args.state}, float32, all arguments')
    header = ('backend', 'tokens', 'threads', 'forward ms', 'with backward ms', 'extra MB', 'with backward MB')
    print('| ' + ' | '.join(header) + ' |\n|' + '---|' * len(header))
    for backend, scan in scans().items():
        for length in args.lengths:
            length = min(length, 16_384) if backend == 'mambapy' else length
            if length > _SLOW.get(backend, length):
                continue
            for number in sorted({1, args.threads}):
                inputs = scan_arguments(length, args.dim, args.state)
                with threads(number):
                    times = forward_and_both_ms(partial(scan, **inputs), list(inputs.values()), args.repetitions)
                memory = ['', '']
                if number == args.threads:
                    memory = [measure_memory(backend, length, args, backward) for backward in (False, True)]
                row = (backend, f'{length:,}', number, *(f'{t:.1f}' for t in times), *memory)
                print('| ' + ' | '.join(map(str, row)) + ' |', flush=True)
    for name, missing in available_backends().items():
        if missing:
            print(f'| {name} | not available: {missing} | | | | | |')


def print_ratios(args: argparse.Namespace) -> None:
    """Print the speed-up of the native kernel over other scans on one thread, measured in alternation."""
    found = scans()
    others = [name for name in ('torch', 'mambapy') if name in found]
    if 'cpu' not in found:
        return
    length = 2048
    inputs = scan_arguments(length, args.dim, args.state)
    print(f'\nThe native kernel on one thread, {length:,} tokens')
    with threads(1):
        for other in others:
            pairs = [
                [forward_and_both_ms(partial(found[name], **inputs), list(inputs.values()), args.repetitions)
                 for name in ('cpu', other)]
                for _ in range(3)
            ]  # fmt: skip
            ours, theirs = ([min(pair[i][k] for pair in pairs) for k in (0, 1)] for i in (0, 1))
            print(
                f'- {theirs[0] / ours[0]:.1f} times as fast as {other} forward ({ours[0]:.1f} and {theirs[0]:.1f} ms), '
                f'{theirs[1] / ours[1]:.1f} times with backward ({ours[1]:.1f} and {theirs[1]:.1f} ms)'
            )


def print_convolutions(args: argparse.Namespace) -> None:
    """Print times of causal convolution and SiLU: this package's, and torch's including the transposes it needs."""
    length, dim = max(args.lengths), args.dim
    x, weight, bias = (torch.randn(shape, requires_grad=True) for shape in ((1, length, dim), (dim, 4), (dim,)))

    def conv_of_torch() -> Tensor:
        y = torch.conv1d(x.transpose(1, 2), weight.unsqueeze(1), bias, padding=3, groups=dim)
        return silu(y[..., :length]).transpose(1, 2).contiguous()

    runs = {
        'cpu': partial(causal_conv1d, x, weight, bias, 'silu', backend='cpu'),
        'torch': partial(causal_conv1d, x, weight, bias, 'silu', backend='torch'),
        "torch's conv1d": conv_of_torch,
    }
    print(f'\nCausal convolution and SiLU, {length:,} tokens, {dim} channels, 4 taps, {args.threads} threads')
    for name, run in runs.items():
        if name in scans() or name == "torch's conv1d":
            forward, both = forward_and_both_ms(run, [x, weight, bias], args.repetitions)
            print(f'- {name}: {forward:.1f} ms forward, {both:.1f} ms with backward')


def print_layer(args: argparse.Namespace) -> None:
    """Print times of a whole bidirectional layer, and of its scans and convolutions alone, on the same inputs."""
    length, layer = max(args.lengths), VisionMambaLayer(args.dim // 2, d_state=args.state)
    tokens = torch.randn(1, length, args.dim // 2, requires_grad=True)
    x = layer.in_proj(layer.norm(tokens)).chunk(2, dim=-1)[0].detach().requires_grad_()
    directions, inputs = (layer.forward_scan, layer.backward_scan), []
    for scan in directions:
        mixed = causal_conv1d(x, scan.conv_weight, scan.conv_bias, 'silu', reverse=scan.reverse)
        dt, B, C = scan.x_proj(mixed).detach().split(scan.splits, dim=-1)
        inputs.append([linear(dt, scan.dt_weight).detach().requires_grad_(), B.requires_grad_(), C.requires_grad_()])

    def inside() -> list[Tensor]:
        outputs = []
        for scan, (delta, B, C) in zip(directions, inputs):
            mixed = causal_conv1d(x, scan.conv_weight, scan.conv_bias, 'silu', reverse=scan.reverse)
            A, rows = -torch.exp(scan.A_log), dict(D=scan.D, delta_bias=scan.dt_bias)
            outputs.append(selective_scan(mixed, delta, A, B, C, **rows, delta_softplus=True, reverse=scan.reverse))
        return outputs

    own = [p for s in directions for p in (s.conv_weight, s.conv_bias, s.A_log, s.D, s.dt_bias)]
    whole = forward_and_both_ms(lambda: layer(tokens), [tokens, *layer.parameters()], args.repetitions)
    part = forward_and_both_ms(inside, [x, *own, *(t for row in inputs for t in row)], args.repetitions)
    print(f'\nBidirectional Vision Mamba layer, {length:,} tokens of width {args.dim // 2}, {args.threads} threads')
    for what, all_of_it, scanning in zip(('forward', 'with backward'), whole, part):
        print(
            f'- {what}: {all_of_it:.0f} ms, of which scans and convolutions alone take {scanning:.0f} ms, '
            f'{100 * scanning / all_of_it:.0f} %'
        )


def main() -> None:
    """Print all tables; or, for :func:`measure_memory`, the extra memory of one scan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--lengths', type=int, nargs='+', default=[2048, 18_432], help='tokens')
    parser.add_argument('--dim', type=int, default=256, help='channels')
    parser.add_argument('--state', type=int, default=16, help='state size')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads(), help='of torch and the kernels')
    parser.add_argument('--repetitions', type=int, default=10, help='the shortest is printed')
    parser.add_argument('--memory-of', metavar='BACKEND', help='print only the extra memory, in MB, of one scan')
    parser.add_argument('--backward', action='store_true', help='with --memory-of: with every gradient')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    if args.memory_of:
        print(f'{extra_memory_mb(args.memory_of, max(args.lengths), args.dim, args.state, args.backward):.0f}')
        return
    keep_freed_memory()
    print(f'{processor()}, {args.threads} threads, torch {torch.__version__}; shortest of {args.repetitions} runs')
    print_scans(args)
    print_ratios(args)
    print_convolutions(args)
    print_layer(args)


if __name__ == '__main__':
    main()
