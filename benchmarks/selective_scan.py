"""How long the selective scan takes with each backend that this machine has: forward, and with every gradient."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

from mmradar.ops import available_backends, selective_scan


def arguments(length: int, dim: int, state: int) -> dict[str, torch.Tensor]:
    """Inputs of a Mamba layer, batch 1, all of which want a gradient."""
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


def best_ms(run: Callable[[], object], repetitions: int) -> float:
    """Shortest of several runs after a warm-up, in ms."""
    run()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--lengths', type=int, nargs='+', default=[2048, 18_432], help='tokens')
    parser.add_argument('--dim', type=int, default=256, help='channels')
    parser.add_argument('--state', type=int, default=16, help='state size')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads(), help='of torch and the kernel')
    parser.add_argument('--repetitions', type=int, default=5, help='the shortest is printed')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    sizes = f'batch 1, {args.dim} channels, state {args.state}, float32'
    print(f'{sizes}, {args.threads} threads; shortest of {args.repetitions} runs')
    print(f'{"backend":<12}{"tokens":>8}{"forward":>12}{"with backward":>16}')
    for backend, missing in available_backends().items():
        if missing:
            print(f'{backend:<12}{"":>8}  not here: {missing}')
            continue
        for length in args.lengths:
            if backend == 'reference' and length > 4096:
                continue  # minutes
            inputs = arguments(length, args.dim, args.state)

            def scan(inputs=inputs, backend=backend) -> torch.Tensor:
                return selective_scan(**inputs, delta_softplus=True, backend=backend)

            def train(scan=scan, inputs=inputs) -> tuple[torch.Tensor, ...]:
                return torch.autograd.grad(scan().sum(), list(inputs.values()))

            with torch.no_grad():
                forward = best_ms(scan, args.repetitions)
            print(f'{backend:<12}{length:>8}{forward:>9.1f} ms{best_ms(train, args.repetitions):>13.1f} ms')


if __name__ == '__main__':
    main()
