"""Table of the scans and convolutions that this machine can run, and why the others cannot run."""

from __future__ import annotations

import torch

from mmradar.ops import available_backends
from mmradar.ops.causal_conv1d import conv_backends
from mmradar.ops.native import load_native_library


def main() -> None:
    """Print the table."""
    library, _ = load_native_library()
    width = '' if library is None else f', native kernels {32 * library.vector_lanes()} bits wide'
    print(f'torch {torch.__version__}, {torch.get_num_threads()} threads{width}')
    for operator, backends in (('selective_scan', available_backends), ('causal_conv1d', conv_backends)):
        for device in ('cpu', 'cuda'):
            if device == 'cuda' and not torch.cuda.is_available():
                print(f'{operator} on cuda: torch finds no CUDA device')
                continue
            print(f'{operator} on {device}, float32, the first that can run is taken:')
            for name, reason in backends(device).items():
                print(f'  {name:<13} {"yes" if reason is None else f"no: {reason}"}')


if __name__ == '__main__':
    main()
