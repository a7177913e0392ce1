"""Measure how time and memory of milliMamba's encoder grow with the frames of a window: Mamba against a Transformer.

    python benchmarks/encoder_scaling.py --frames 1 3 5 7 9 15 31 --json encoder_scaling.json

Three parts, each of which can be chosen with --parts:

- encoders: the encoder's layers at the paper's tokens (2,048 per frame of two radars), batch 1, float32, without
  gradients, and forward and backward with all gradients. ``mamba`` is configs/millimamba_hupr.py, the others are
  configs/ablations/millimamba_transformer_t3_hupr.py: ``plain`` builds attention matrices in memory, ``fused`` is
  torch's flash or memory-efficient kernel, ``auto`` leaves the choice to torch, as the package does.
- model: peak memory of the whole model for one window.
- heatmaps: time and memory of making a 3D and a 4D heatmap of one radar frame.

Each measurement runs in its own process. Memory is the peak of the tensors that the measured call allocates, above
weights and inputs; that of the model includes these. Values marked as computed follow from shapes: no run measured
them. Plain attention is not run where its attention matrices alone exceed the memory that is free.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from measuring import measured_alone
from mmengine.config import DictAction
from mmengine.registry import init_default_scope
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from mmradar.apis import read_config
from mmradar.apis.inference_time import shortest_time, synchronise
from mmradar.apis.machine import processor
from mmradar.apis.peak_memory import peak_memory, peak_of
from mmradar.cli import check_output_file, markdown_table, run
from mmradar.models.layers import SequenceMixer
from mmradar.radar import RadarConfig, heatmap_3d, heatmap_4d, remove_static_clutter, subsample_chirps
from mmradar.registry import MODELS

MAIN, TRANSFORMER = 'millimamba_hupr', 'ablations/millimamba_transformer_t3_hupr'
ENCODERS = {
    'mamba': 'Mamba',
    'plain': 'Transformer, plain attention',
    'fused': 'Transformer, fused attention',
    'auto': "Transformer, torch's choice",
}
KERNELS = {'plain': [SDPBackend.MATH], 'fused': [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]}
PASSES = ('forward', 'training')
LIMIT_GIB, BATCHES = 32, (1, 8)  # the memory of the larger V100; the paper names a V100 and trains batches of 8
PAPER = dict(model_mb=224.1, heatmap_latency=8.6, heatmap_memory=11)
CUBE = (12, 128, 256)  # antennas, loops, samples of the paper's cube
CROPS = {'256 range bins': (0, 256), '64 range bins': (31, 95)}


@dataclass(frozen=True)
class Measurement:
    """Cost of one pass of one encoder over one window.

    Args:
        encoder: Key of ``ENCODERS``.
        frames: Frames T of the window.
        tokens: Length of the sequence.
        work: ``'forward'`` without gradients, or ``'training'``: forward and backward.
        seconds: Measured time.
        mib: Measured peak of the call's tensors.
        computed_mib: Attention matrices alone, from their shapes.
        skipped: Why nothing was measured.
    """

    encoder: str
    frames: int
    tokens: int
    work: str
    seconds: float | None = None
    mib: float | None = None
    computed_mib: float | None = None
    skipped: str | None = None


def attention_bytes(tokens: int, heads: int, layers: int, training: bool) -> int:
    """Compute the bytes of plain attention's matrices at the peak of a window's pass, from their shapes, in float32.

    Without gradients, a layer has its scores, its weights, and the mask of one byte per element by which torch's
    softmax finds rows without any key. In training, each layer keeps its weights, and the backward pass of one layer
    has the gradients of its weights and scores. Tensors that grow linearly with the tokens are left out.

    Args:
        tokens: Length of the sequence.
        heads: Attention heads of a layer.
        layers: Layers of the encoder.
        training: Forward and backward pass; otherwise a forward pass without gradients.
    """
    matrix = heads * tokens**2
    return matrix * 4 * (layers + 2) if training else matrix * (4 + 4 + 1)


def encoder_config(name: str, frames: int, options: Mapping[str, Any]) -> Any:
    """Return the configuration of an encoder's backbone for windows of T frames."""
    init_default_scope('mmradar')
    config = read_config(MAIN if name == 'mamba' else TRANSFORMER, {**options, 'num_frames': frames})
    return config.model.backbone


def build_encoder(name: str, frames: int, options: Mapping[str, Any]) -> tuple[SequenceMixer, Tensor]:
    """Build an encoder's layers, and random maps as the stems return them."""
    backbone = MODELS.build(encoder_config(name, frames, options))
    encoder = backbone.layers
    shape = (1, encoder.num_views, backbone.stems[0].out_channels, frames, *encoder.map_size)
    return encoder, torch.randn(shape)


@contextmanager
def attention(name: str) -> Iterator[None]:
    """Let torch compute attention as the encoder ``name`` states inside a ``with`` block."""
    if name not in KERNELS:
        yield
        return
    with sdpa_kernel(KERNELS[name]):
        yield


def measure_encoder(name: str, frames: int, work: str, args: argparse.Namespace) -> dict[str, float]:
    """Measure the time in s and the memory in MiB of a pass; a first run that takes long is not repeated."""
    device = torch.device(args.device)
    encoder, maps = build_encoder(name, frames, args.cfg_options)
    encoder, maps = encoder.to(device).train(work == 'training'), maps.to(device)
    maps.requires_grad_(work == 'training')

    def forward() -> None:
        with torch.no_grad():
            encoder(maps)

    def train() -> None:
        encoder.zero_grad()
        maps.grad = None
        encoder(maps).square().mean().backward()

    call = train if work == 'training' else forward
    with attention(name):
        seconds, peak = timed_peak(call, device)
        if seconds < args.repeat_below:
            seconds = shortest_time(call, args.runs, device)
    return dict(seconds=seconds, mib=peak / 2**20)


def timed_peak(call: Callable[[], object], device: torch.device) -> tuple[float, int]:
    """Return the time of one run in s, and the peak bytes of the tensors that it allocates."""
    times = []

    def timed() -> None:
        start = time.perf_counter()
        call()
        synchronise(device)
        times.append(time.perf_counter() - start)

    peak = peak_of(timed, device)
    return times[0], peak


def measure_model(args: argparse.Namespace) -> dict[str, float]:
    """Measure the peak memory of the main model for one window, in MB (1e6 bytes)."""
    memory = peak_memory(read_config(MAIN, args.cfg_options), torch.device(args.device))
    return {name: size / 1e6 for name, size in asdict(memory).items()}


def heatmaps() -> dict[tuple[str, str], Callable[[Tensor], Tensor]]:
    """Return the ways from a complex cube to a heatmap, by kind and range crop.

    3D is milliMamba's: 8 of the loops, 8 Doppler and 64 angle bins. 4D is HuPR's: all loops, of which 16 Doppler bins
    are kept, 64 azimuth and 8 elevation bins.
    """
    order = RadarConfig().antenna_order('azimuth_first')

    def three(cube: Tensor, crop: tuple[int, int]) -> Tensor:
        return heatmap_3d(subsample_chirps(remove_static_clutter(cube)), range_bins=crop, antenna_order=order)

    ways = {}
    for title, crop in CROPS.items():
        ways['3D', title] = lambda cube, crop=crop: three(cube, crop)
        ways['4D', title] = lambda cube, crop=crop: heatmap_4d(cube, range_bins=crop)
    return ways


def measure_heatmap(kind: str, crop: str, args: argparse.Namespace) -> dict[str, float]:
    """Measure the latency in ms, and result and peak memory in MB (1e6 bytes), of the heatmap of one radar frame."""
    device = torch.device(args.device)
    make, cube = heatmaps()[kind, crop], torch.randn(CUBE, dtype=torch.complex64, device=device)
    make(cube)  # matrices that are kept for the next frames
    _, peak = timed_peak(lambda: make(cube), device)
    seconds = shortest_time(lambda: make(cube), max(20, args.runs), device)
    return dict(latency_ms=1e3 * seconds, result_mb=make(cube).nbytes / 1e6, peak_mb=peak / 1e6)


def alone(*what: object) -> dict[str, float] | str:
    """Run one measurement of this script in its own process; see :func:`measuring.measured_alone`."""
    return measured_alone([sys.executable, __file__, *sys.argv[1:], '--one', *map(str, what)])


def measure_one(what: Sequence[str], args: argparse.Namespace) -> dict[str, float]:
    """Run the measurement that :func:`alone` names, as the first process to be ended if memory runs out."""
    score = Path('/proc/self/oom_score_adj')
    if os.access(score, os.W_OK):
        score.write_text('1000')
    part, *details = what
    if part == 'encoders':
        name, frames, work = details
        return measure_encoder(name, int(frames), work, args)
    return measure_heatmap(*details, args) if part == 'heatmaps' else measure_model(args)


def free_bytes(device: torch.device) -> int:
    """Return the memory that is free, of the machine or of a GPU."""
    if device.type == 'cuda':
        return torch.cuda.mem_get_info(device)[0]
    meminfo = Path('/proc/meminfo')
    if meminfo.is_file():
        lines = dict(line.split(':') for line in meminfo.read_text().splitlines())
        return 1024 * int(lines['MemAvailable'].split()[0])
    return os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')


def measure_encoders(args: argparse.Namespace) -> Iterator[Measurement]:
    """Measure every pass of every encoder, or say why not."""
    with torch.device('meta'):
        heads = build_encoder('plain', 1, args.cfg_options)[0][0].layer.self_attn.num_heads
    limit = args.memory_gib * 2**30 if args.memory_gib else free_bytes(torch.device(args.device))
    latest: dict[tuple[str, str], Measurement] = {}
    for frames in sorted(args.frames):
        for name in args.encoders:
            with torch.device('meta'):
                encoder, maps = build_encoder(name, frames, args.cfg_options)
            tokens = maps[0, :, 0].numel()
            for work in PASSES:
                found: dict[str, Any] = dict(encoder=name, frames=frames, tokens=tokens, work=work)
                computed = attention_bytes(tokens, heads, len(encoder), work == 'training') if name == 'plain' else None
                if computed is not None:
                    found['computed_mib'] = computed / 2**20
                before, power = latest.get((name, work)), 1 if name == 'mamba' else 2
                expected = before.seconds * (tokens / before.tokens) ** power if before and before.seconds else 0.0
                if computed is not None and computed > limit:
                    found['skipped'] = (
                        f'attention matrices alone take {computed / 2**30:.1f} GiB (computed), '
                        f'{limit / 2**30:.1f} GiB are free'
                    )
                elif expected > args.limit_s:
                    found['skipped'] = (
                        f'a run would take about {expected:.0f} s (computed from T = {before.frames}), '
                        f'--limit-s is {args.limit_s:.0f}'
                    )
                elif isinstance(result := alone('encoders', name, frames, work), str):
                    found['skipped'] = f'the process ended: {result}'
                else:
                    found |= result
                measurement = Measurement(**found)
                if measurement.seconds is not None:
                    latest[name, work] = measurement
                yield measurement


def memory_cell(measurement: Measurement) -> str:
    """Format measured memory in MiB, or else computed memory, marked as such."""
    if measurement.mib is not None:
        return f'{measurement.mib:,.0f}'
    return '-' if measurement.computed_mib is None else f'{measurement.computed_mib:,.0f} (computed)'


def print_encoders(args: argparse.Namespace) -> list[Measurement]:
    """Print the table of encoders, row by row, and what follows from it."""
    print('\n## Encoders\n')
    header = ['frames', 'tokens', 'encoder', 'forward, s', 'forward, MiB', 'training, s', 'training, MiB']
    print(markdown_table(header, []), flush=True)
    found: list[Measurement] = []
    for measurement in measure_encoders(args):
        found.append(measurement)
        if measurement.work == PASSES[-1]:
            row = [measurement.frames, f'{measurement.tokens:,}', ENCODERS[measurement.encoder]]
            for each in found[-len(PASSES) :]:
                row += ['-' if each.seconds is None else f'{each.seconds:.3g}', memory_cell(each)]
            print(markdown_table(row, []).splitlines()[0], flush=True)
    skipped = [each for each in found if each.skipped]
    if skipped:
        print('\nNot measured:\n')
    for each in skipped:
        print(f'- T = {each.frames}, {ENCODERS[each.encoder]}, {each.work}: {each.skipped}')
    both = [each.mib / each.computed_mib for each in found if each.mib and each.computed_mib]
    if both:
        print(
            f'\nWhere plain attention was run, the measured memory is {min(both):.2f} to {max(both):.2f} times the '
            'computed attention matrices.'
        )
    print(f'\nTraining memory beyond {LIMIT_GIB} GiB:\n')
    header = ['encoder', *(f'batch {batch}' for batch in BATCHES)]
    print(markdown_table(header, [[ENCODERS[n], *(beyond(found, n, b) for b in BATCHES)] for n in args.encoders]))
    return found


def beyond(found: Sequence[Measurement], name: str, batch: int) -> str:
    """Return from which T on the training memory of a batch exceeds ``LIMIT_GIB``, as far as it is known.

    The memory of a batch larger than 1 is computed: its multiple of a window's.
    """
    text = 'unknown'
    for each in found:
        mib = each.computed_mib if each.mib is None else each.mib
        if each.encoder != name or each.work != 'training' or mib is None:
            continue
        gib = batch * mib / 2**10
        figure = f'{gib:.1f} GiB, {"measured" if each.mib is not None and batch == 1 else "computed"}'
        if gib > LIMIT_GIB:
            return f'from T = {each.frames} ({figure})'
        text = f'not up to T = {each.frames} ({figure})'
    return text


def print_model(args: argparse.Namespace) -> dict[str, float] | str:
    """Print the peak memory of the main model."""
    print('\n## Main model\n')
    memory = alone('model')
    if isinstance(memory, str):
        print(f'Not measured: {memory}')
    else:
        print(
            f'Peak memory of {MAIN} for one window, inference: {memory["total"]:.1f} MB, {memory["weights"]:.1f} MB of '
            f'weights and {memory["inputs"]:.1f} MB of input included; {PAPER["model_mb"]} MB in the paper.'
        )
    return memory


def print_heatmaps(args: argparse.Namespace) -> dict[str, dict[str, float] | str]:
    """Print the table of heatmaps, and how many times 4D costs what 3D costs."""
    print(f'\n## Heatmaps of one radar frame of {" x ".join(map(str, CUBE))}\n')
    found = {key: alone('heatmaps', *key) for key in heatmaps()}
    header = ['heatmap', 'latency, ms', 'size of the result, MB', 'peak memory, MB']
    rows = []
    for (kind, crop), cost in found.items():
        figures = [cost, None, None] if isinstance(cost, str) else [f'{value:.2f}' for value in cost.values()]
        rows.append([f'{kind}, {crop}', *figures])
    for crop in CROPS:
        three, four = found['3D', crop], found['4D', crop]
        if not isinstance(three, str) and not isinstance(four, str):
            rows.append([f'4D / 3D, {crop}', *(f'{four[key] / three[key]:.1f}' for key in three)])
    print(markdown_table(header, rows))
    print(
        f'\nThe paper states the factors {PAPER["heatmap_latency"]} for the latency and {PAPER["heatmap_memory"]} for '
        'the memory of making a heatmap (figure 4c).'
    )
    return {f'{kind}, {crop}': cost for (kind, crop), cost in found.items()}


PARTS = {'encoders': print_encoders, 'model': print_model, 'heatmaps': print_heatmaps}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--frames', type=int, nargs='+', default=[1, 3, 5, 7, 9, 15, 31], help='frames T of a window')
    parser.add_argument('--encoders', nargs='+', choices=ENCODERS, default=['mamba', 'plain', 'fused'])
    parser.add_argument('--parts', nargs='+', choices=PARTS, default=list(PARTS))
    parser.add_argument('--runs', type=int, default=3, help='runs of which the fastest counts')
    parser.add_argument(
        '--repeat-below', type=float, default=10, metavar='S', help='run once what takes longer than this'
    )
    parser.add_argument('--limit-s', type=float, default=300, help='leave out what would take longer than this')
    parser.add_argument('--memory-gib', type=float, help='leave out what needs more memory; default: what is free')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--json', metavar='FILE', help='also write the results to a file')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE', help='override entries'
    )
    parser.add_argument('--one', nargs='+', help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    if args.one:
        print(json.dumps(measure_one(args.one, args)))
        return
    if args.json:
        check_output_file(args.json)
    where = torch.cuda.get_device_name() if args.device.startswith('cuda') else f'{processor()}, {args.threads} threads'
    print(f'{where}, torch {torch.__version__}, float32, batch 1; fastest of {args.runs} runs')
    results: dict[str, Any] = dict(machine=where, torch=torch.__version__)
    for part in args.parts:
        found = PARTS[part](args)
        results[part] = [asdict(each) for each in found] if isinstance(found, list) else found
    if args.json:
        Path(args.json).write_text(json.dumps(results, indent=1))


if __name__ == '__main__':
    run(main)
