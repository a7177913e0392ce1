"""Measure time and memory against the tokens of a clip, for GLSMamba's encoder and a Transformer of the same width.

Forward pass and training step (forward, backward, AdamW) of one clip, starting from a quarter-resolution feature map,
without the frozen encoder of single frames. The Transformer has the same number of blocks, 8 heads, the same FFN and
torch's own attention. Each measurement runs in its own process, so that peak memory is its own. Times are the shortest
of several runs.

    python projects/glsmamba/benchmarks/tokens.py
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / 'benchmarks'))

from measuring import measured_alone, peak_mib

from glsmamba.models import GLSMamba
from mmradar.apis.inference_time import shortest_time
from mmradar.memory import keep_freed_memory

# tokens -> frames, rows, columns: a 16th, an 8th and a quarter of 256 x 192, and twice the frames
CLIPS = {960: (5, 16, 12), 3840: (5, 32, 24), 15360: (5, 64, 48), 30720: (10, 64, 48)}
CHANNELS, DIMS, BLOCKS, HEADS, FFN = 256, 256, 6, 8, 768


class Transformer(nn.Module):
    """Transformer with attention over all tokens of all frames."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames
        # with the batch first, torch's fast path for inference would build attention matrices on a CPU
        layer = nn.TransformerEncoderLayer(DIMS, HEADS, FFN, dropout=0.0, batch_first=False, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, BLOCKS, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        batch, frames, channels, height, width = x.shape
        tokens = x.permute(1, 3, 4, 0, 2).reshape(-1, batch, channels)
        return self.layers(tokens).view(frames, height, width, batch, -1)[self.frames // 2].permute(2, 3, 0, 1)


def measure(name: str, tokens: int, what: str, arguments: argparse.Namespace) -> dict[str, float]:
    device = torch.device(arguments.device)
    frames, height, width = CLIPS[tokens]
    model = Transformer(frames) if name == 'Transformer' else GLSMamba(CHANNELS, DIMS, frames)
    model = model.to(device)
    clip = torch.randn(1, frames, CHANNELS, height, width, device=device)
    parameters, base = sum(p.numel() for p in model.parameters()), peak_mib(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)

    @torch.no_grad()
    def forward() -> Tensor:
        return model(clip)

    def train() -> None:
        optimizer.zero_grad()
        model(clip).square().mean().backward()
        optimizer.step()

    model.train(what == 'training')
    seconds = shortest_time(train if what == 'training' else forward, arguments.runs, device)
    return dict(parameters=parameters, seconds=seconds, mib=peak_mib(device) - base)


def in_a_process(name: str, tokens: int, what: str, arguments: argparse.Namespace) -> dict[str, float] | str:
    """Run ``measure`` in a process; return its result, or the last line of the error."""
    command = [sys.executable, __file__, '--one', name, str(tokens), what]
    for option in ('runs', 'device', 'threads'):
        command += [f'--{option}', str(getattr(arguments, option))]
    return measured_alone(command)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tokens', type=int, nargs='+', choices=CLIPS, default=list(CLIPS))
    parser.add_argument('--models', nargs='+', choices=('GLSMamba', 'Transformer'), default=['GLSMamba', 'Transformer'])
    parser.add_argument('--runs', type=int, default=2)
    parser.add_argument('--forward-only', action='store_true')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--one', nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.one:
        keep_freed_memory()
        torch.manual_seed(0)
        name, tokens, what = arguments.one
        print(json.dumps(measure(name, int(tokens), what, arguments)))
        return
    where = torch.cuda.get_device_name() if arguments.device.startswith('cuda') else f'{arguments.threads} CPU threads'
    print(f'{where}, {platform.machine()}, torch {torch.__version__}, {DIMS} wide, {BLOCKS} blocks\n')
    print(
        '| tokens | model | parameters, M | forward, s | forward memory, MiB | training step, s '
        '| training step memory, MiB |'
    )
    print('|---:|---|---:|---:|---:|---:|---:|')
    for tokens in arguments.tokens:
        for name in arguments.models:
            cells = [str(tokens), name]
            for what in ('forward',) if arguments.forward_only else ('forward', 'training'):
                found = in_a_process(name, tokens, what, arguments)
                if isinstance(found, str):
                    cells += [found, '-']
                    continue
                if what == 'forward':
                    cells.append(f'{found["parameters"] * 1e-6:.1f}')
                cells += [f'{found["seconds"]:.2f}', f'{found["mib"]:.0f}']
            print(f'| {" | ".join(cells)} |', flush=True)


if __name__ == '__main__':
    main()
