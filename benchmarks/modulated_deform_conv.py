"""Measure the speed of modulated deformable convolution: the native kernel, the torch form, and mmcv's if installed.

Times are the shortest of several runs of the forward pass without gradients, and of forward and backward pass with all
gradients. The sizes are those of GLSMamba: five frames at a quarter of 256 x 192 with 256 channels; and a batch of the
small network.

    python benchmarks/modulated_deform_conv.py
"""

from __future__ import annotations

import argparse
import platform

import torch

from mmradar.apis.inference_time import shortest_time
from mmradar.memory import keep_freed_memory
from mmradar.ops import modulated_deform_conv2d
from mmradar.ops.modulated_deform_conv.mmcv import mmcv_missing

# maps, channels, rows, columns
SHAPES = ((5, 256, 64, 48), (80, 48, 24, 16))
GROUPS, TAPS = 8, 9


def inputs(maps: int, channels: int, height: int, width: int) -> list[torch.Tensor]:
    """Create random maps and kernel, with random offsets of a pixel or two."""
    x = torch.randn(maps, height, width, channels).permute(0, 3, 1, 2)
    offset, mask = torch.randn(maps, height, width, 3 * TAPS).permute(0, 3, 1, 2).split((2 * TAPS, TAPS), dim=1)
    weight, bias = torch.randn(channels, channels // GROUPS, 3, 3), torch.randn(channels)
    return [tensor.requires_grad_() for tensor in (x, offset, mask.sigmoid(), weight, bias)]


def measure(tensors: list[torch.Tensor], backend: str, runs: int) -> tuple[float, float]:
    """Return the time of the forward pass and of forward and backward pass together, in s."""
    cpu = torch.device('cpu')

    def forward() -> torch.Tensor:
        return modulated_deform_conv2d(*tensors, GROUPS, backend=backend)

    with torch.no_grad():
        forward_s = shortest_time(forward, runs, cpu)
    return forward_s, shortest_time(lambda: torch.autograd.grad(forward().sum(), tensors), runs, cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    keep_freed_memory()
    print(f'{arguments.threads} CPU threads, {platform.machine()}, torch {torch.__version__}, {GROUPS} groups, 3 x 3\n')
    print('| maps, channels, rows, columns | backend | forward, ms | forward and backward, ms |')
    print('|---|---|---:|---:|')
    backends = ['cpu', 'torch'] + ['mmcv'] * (mmcv_missing() is None)
    for shape in SHAPES:
        tensors = inputs(*shape)
        for backend in backends:
            forward_s, both_s = measure(tensors, backend, arguments.runs)
            cells = [', '.join(map(str, shape)), backend, f'{1e3 * forward_s:.0f}', f'{1e3 * both_s:.0f}']
            print(f'| {" | ".join(cells)} |', flush=True)


if __name__ == '__main__':
    main()
