"""Benchmark of time and memory against clip length: HumMUSS and mmpose's DSTFormer of similar size.

DSTFormer is measured twice: as it is in mmpose, which writes attention matrices to memory, and with torch's fused
attention, to which all speeds are relative.

Measures a training step (forward, backward, AdamW) and inference of one sequence. For prediction frame by frame,
HumMUSSStream takes one step per frame, whereas DSTFormer runs over all the last frames again for each new one. Each
length of each model runs in its own process, so that peak memory is measured separately and one process running out of
memory does not end the others. Times are the shortest of several runs.

    python projects/hummuss/benchmarks/sequence_length.py --size small --lengths 27 81 243 729 2187
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / 'benchmarks'))

from measuring import measured_alone, peak_mib

from hummuss.models import SIZES, HumMUSS, HumMUSSLifter
from hummuss.streaming import HumMUSSStream
from mmradar.apis.inference_time import shortest_time, synchronise
from mmradar.memory import keep_freed_memory
from mmradar.ops import pack_linears
from mmradar.registry import MODELS

JOINTS, CHANNELS, RATE_HZ = 17, 3, 50.0
PEER = 'DSTFormer-fused'  # what speeds are relative to
# 'small' and 'full' are MotionBERT's Lite and full sizes
DSTFORMERS = {
    'tiny': dict(feat_size=64, depth=2, mlp_ratio=4),
    'small': dict(feat_size=256, depth=5, mlp_ratio=4),
    'full': dict(feat_size=512, depth=5, mlp_ratio=2),
}
NAMES = {
    'DSTFormer-fused': 'DSTFormer, fused attention',
    'DSTFormer': "DSTFormer, mmpose's",
    'HumMUSS': 'HumMUSS, chunks',
    'HumMUSS-fft': 'HumMUSS, FFT',
    'HumMUSS-causal': 'HumMUSS, causal',
}


def build(name: str, size: str, frames: int) -> nn.Module:
    if name.startswith('DSTFormer'):
        config = dict(type='DSTFormer', in_channels=CHANNELS, num_keypoints=JOINTS, seq_len=frames, **DSTFORMERS[size])
        model = MODELS.build(config)
        return with_fused_attention(model) if name.endswith('fused') else model
    method = 'fft' if name.endswith('fft') else 'chunked'
    return HumMUSS(JOINTS, CHANNELS, causal=name.endswith('causal'), method=method, **SIZES[size])


def with_fused_attention(model: nn.Module) -> nn.Module:
    """Let a DSTFormer attend through torch's fused attention: the same function without attention matrices."""

    def spatial(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    def temporal(q: Tensor, k: Tensor, v: Tensor, seq_len: int) -> Tensor:
        # (clips x frames, heads, joints, channels) <-> (clips x joints, heads, frames, channels)
        q, k, v = (x.unflatten(0, (-1, seq_len)).permute(0, 3, 2, 1, 4).flatten(0, 1) for x in (q, k, v))
        attended = scaled_dot_product_attention(q, k, v).unflatten(0, (-1, JOINTS))
        return attended.permute(0, 3, 1, 2, 4).flatten(3).flatten(0, 1)

    for module in model.modules():
        if hasattr(module, 'forward_temporal'):
            module.forward_spatial, module.forward_temporal = spatial, temporal
    return model


def measure_clip(arguments: argparse.Namespace) -> dict[str, float]:
    """Measure inference and training on one clip; inference comes first because its peak memory is the smaller one."""
    device = torch.device(arguments.device)
    model = build(arguments.one, arguments.size, arguments.frames).to(device)
    inputs = torch.randn(arguments.batch, arguments.frames, JOINTS, CHANNELS, device=device)
    # Memory before anything runs: the process itself, or on a GPU the weights
    found = dict(parameters=sum(p.numel() for p in model.parameters()), base_mib=peak_mib(device))

    @torch.no_grad()
    def infer() -> Tensor:
        return model(inputs)

    model.eval()
    found['inference_s'] = shortest_time(infer, arguments.runs, device) / arguments.batch
    found['inference_mib'] = peak_mib(device) - found['base_mib']
    if not arguments.inference_only:
        model.train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)

        def train() -> None:
            optimizer.zero_grad()
            model(inputs).square().mean().backward()
            optimizer.step()

        found['training_s'] = shortest_time(train, arguments.runs, device) / arguments.batch
        found['training_mib'] = peak_mib(device) - found['base_mib']
    return found


def measure_stream(arguments: argparse.Namespace) -> dict[str, float]:
    """Measure the seconds per frame of prediction frame by frame, after a history of ``frames`` frames."""
    device, frames = torch.device(arguments.device), arguments.frames
    poses = torch.randn(frames + 64, JOINTS, CHANNELS, device=device)
    if arguments.one.startswith('DSTFormer'):
        model = build(arguments.one, arguments.size, frames).to(device)
        model.eval()  # mmpose's backbones do not return themselves
        with torch.no_grad():
            return dict(frame_s=shortest_time(lambda: model(poses[None, :frames]), arguments.runs, device))
    lifter = HumMUSSLifter(backbone=dict(num_joints=JOINTS, causal=True, **SIZES[arguments.size])).to(device)
    stream = HumMUSSStream(pack_linears(lifter, JOINTS) if arguments.one.endswith('packed') else lifter, RATE_HZ)
    # As with real cameras, all intervals differ, so that every step is discretised again
    jitter_s = (torch.rand(len(poses)).double() * 0.2 - 0.1) / RATE_HZ
    for index in range(frames):
        stream.step(poses[index], index / RATE_HZ + float(jitter_s[index]))
    synchronise(device)
    start = time.perf_counter()
    for index in range(frames, len(poses)):
        stream.step(poses[index], index / RATE_HZ + float(jitter_s[index]))
    synchronise(device)
    return dict(frame_s=(time.perf_counter() - start) / 64)


def in_a_process(arguments: argparse.Namespace, name: str, frames: int, what: str) -> dict[str, float] | str:
    """Measure in a new process; return the figures, or the last line of the error message."""
    command = [sys.executable, __file__, '--one', name, '--frames', str(frames), '--what', what]
    for option in ('size', 'batch', 'runs', 'device', 'threads'):
        command += [f'--{option}', str(getattr(arguments, option))]
    command += ['--inference-only'] if arguments.inference_only else []
    return measured_alone(command)


def print_clips(arguments: argparse.Namespace) -> None:
    print(
        '| frames | model | parameters, M | inference, ms | training step, ms | inference memory, MiB '
        '| training memory, MiB | inference speed, fused DSTFormer = 1 | training step speed, fused DSTFormer = 1 |'
    )
    print('|---:|---|---:|---:|---:|---:|---:|---:|---:|')
    for frames in arguments.lengths:
        peer: dict[str, float] = {}
        for name in arguments.models:
            found = in_a_process(arguments, name, frames, 'clip')
            if isinstance(found, str):
                print(f'| {frames} | {NAMES[name]} | {found} |')
                continue
            peer = found if name == PEER else peer

            def cell(key: str, factor: float, form: str, found: dict[str, float] = found) -> str:
                return format(found[key] * factor, form) if key in found else '-'

            def faster(key: str, found: dict[str, float] = found, peer: dict[str, float] = peer) -> str:
                return f'{peer[key] / found[key]:.2f} x' if key in found and key in peer else '-'

            cells = [
                *(str(frames), NAMES[name], cell('parameters', 1e-6, '.1f')),
                *(cell('inference_s', 1e3, '.0f'), cell('training_s', 1e3, '.0f')),
                *(cell('inference_mib', 1, '.0f'), cell('training_mib', 1, '.0f')),
                *(faster('inference_s'), faster('training_s')),
            ]
            print(f'| {" | ".join(cells)} |', flush=True)


def print_stream(arguments: argparse.Namespace) -> None:
    print('\n| frame by frame | ms per frame | frames per second | speed, fused DSTFormer = 1 |\n|---|---:|---:|---:|')
    peer = None
    for name, title in (
        (PEER, f'DSTFormer over the last {arguments.history} frames, run for each frame'),
        ('HumMUSS', 'HumMUSSStream.step'),
        ('HumMUSS-packed', 'HumMUSSStream.step, packed weights'),
    ):
        found = in_a_process(arguments, name, arguments.history, 'stream')
        if isinstance(found, str):
            print(f'| {title} | {found} |')
            continue
        seconds = found['frame_s']
        peer = seconds if name == PEER else peer
        ratio = f'{peer / seconds:.1f} x' if peer else '-'
        print(f'| {title} | {seconds * 1e3:.1f} | {1 / seconds:.1f} | {ratio} |', flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--size', choices=DSTFORMERS, default='small')
    parser.add_argument('--lengths', type=int, nargs='+', default=[27, 81, 243, 729, 2187])
    parser.add_argument('--models', nargs='+', choices=NAMES, default=list(NAMES))
    parser.add_argument('--batch', type=int, default=1, help='sequences in a batch; times are per sequence')
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--history', type=int, default=243, help='frames before frame-by-frame prediction; 0: skip it')
    parser.add_argument('--inference-only', action='store_true')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--one', choices=[*NAMES, 'HumMUSS-packed'], help=argparse.SUPPRESS)
    parser.add_argument('--frames', type=int, help=argparse.SUPPRESS)
    parser.add_argument('--what', choices=('clip', 'stream'), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.one:
        keep_freed_memory()
        torch.manual_seed(0)
        print(json.dumps((measure_stream if arguments.what == 'stream' else measure_clip)(arguments)))
        return
    where = torch.cuda.get_device_name() if arguments.device.startswith('cuda') else f'{arguments.threads} CPU threads'
    print(f'{where}, {platform.machine()}, torch {torch.__version__}, size {arguments.size}, batch {arguments.batch}\n')
    if arguments.lengths != [0]:
        print_clips(arguments)
    if arguments.history:
        print_stream(arguments)


if __name__ == '__main__':
    main()
