"""Measure how fast raw radar frames become heatmaps, windows and batches, and extrapolate to all of HuPR.

Times of frames are the shortest of many runs on one core, from an int16 frame in memory to complex64. HuPR's published
script is not part of this project; ``published_way`` re-creates its order of work, and all tables call it a
re-creation.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader

import mmradar  # noqa: F401  (stand-ins before anything of mmpose)
from mmradar.apis.configuration import load_config
from mmradar.memory import keep_freed_memory
from mmradar.radar import RadarConfig, decode_groups, heatmap_3d_from_raw, heatmap_4d
from mmradar.registry import DATASETS, MODELS
from mmradar.simulation import SimulationPlan, write_hupr_dataset

_CONFIGS = Path(__file__).parents[1] / 'configs'
_CROP = (31, 95)
_ORDER = RadarConfig().antenna_order('azimuth_first')
_HUPR_FRAMES = 276 * 600 * 2


def best_s(run: Callable[[], object], seconds: float = 2.0) -> float:
    """Return the shortest time of as many runs as fit into ``seconds``, after a warm-up run, in s."""
    run()
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def published_way(raw: np.ndarray) -> np.ndarray:
    """Compute HuPR's 4D heatmap in complex128 in the order of its published script, a re-creation.

    The order of work makes it slow: both angle transforms run over every Doppler and range bin, cell by cell, and only
    then are the 16 x 64 cells that are kept selected, column by column.
    """
    loops, num_tx, num_rx, half, _ = raw.shape
    samples = 2 * half
    rows = np.zeros((num_tx, num_rx, loops, samples), complex)
    for loop in range(loops):
        for tx in range(num_tx):
            for rx in range(num_rx):
                chirp = raw[loop, tx, rx].astype(float)
                rows[tx, rx, loop] = (chirp[:, :2] + 1j * chirp[:, 2:]).reshape(-1)
    grid = np.zeros((8, 64, loops, samples), complex)
    for tx, column, elevation in ((0, 0, 0), (2, 4, 0), (1, 2, 1)):
        for rx in range(num_rx):
            grid[elevation, column + rx] = np.fft.fft2(rows[tx, rx] - rows[tx, rx].mean(0))
    for doppler in range(loops):
        for distance in range(samples):
            for column in range(2, 6):
                grid[:, column, doppler, distance] = np.fft.fft(grid[:, column, doppler, distance])
            for elevation in range(8):
                grid[elevation, :, doppler, distance] = np.fft.fft(grid[elevation, :, doppler, distance])
    kept = np.zeros((loops, 64, 64, 8), complex)
    for elevation in range(8):
        for column in range(64):
            for place, distance in enumerate(range(94, 30, -1)):
                kept[:, place, column, elevation] = np.fft.fftshift(grid[elevation, column, :, distance])
    middle = loops // 2
    return np.flip(np.fft.fftshift(kept[middle - 8 : middle + 8], axes=(2, 3)), axis=(2, 3))


def frame_times() -> dict[str, tuple[float, int]]:
    """Return the time in s and the size in bytes of a frame's heatmap, by name."""
    found = {}
    for loops in (64, 128):
        shape = (loops, 3, 4, 128, 4)
        raw = np.random.default_rng(0).integers(-2000, 2000, shape).astype('<i2')
        runs = {
            '3D, 64 range bins': lambda raw=raw: heatmap_3d_from_raw(raw, range_bins=_CROP, antenna_order=_ORDER),
            '3D, 256 range bins': lambda raw=raw: heatmap_3d_from_raw(raw, antenna_order=_ORDER),
            '4D, 64 range bins': lambda raw=raw: heatmap_4d(decode_groups(raw[None])[0], range_bins=_CROP),
        }
        if loops == 64:
            runs['4D, published method, re-created'] = lambda raw=raw: published_way(raw)
            expected, same = published_way(raw), heatmap_4d(decode_groups(raw[None])[0])
            assert np.abs(expected - same).max() < 1e-5 * np.abs(expected).max()
        for name, run in runs.items():
            found[f'{name}, {loops} loops'] = best_s(run), run().nbytes
    return found


def print_frames() -> dict[str, tuple[float, int]]:
    """Print the table of single frames and the ratios that follow from it, and return the table's content."""
    with_one_thread = torch.get_num_threads()
    torch.set_num_threads(1)
    found = frame_times()
    torch.set_num_threads(with_one_thread)
    print('\nOne radar frame of 12 antennas x loops x 256 samples, one core\n')
    print('| heatmap | ms | MB |\n|---|---|---|')
    for name, (seconds, size) in found.items():
        print(f'| {name} | {1e3 * seconds:.2f} | {size / 1e6:.2f} |')
    slow, fast = found['4D, published method, re-created, 64 loops'], found['3D, 64 range bins, 64 loops']
    print(f'\n- 3D is {slow[0] / fast[0]:,.0f} times as fast as the re-created published method.')
    for loops in (64, 128):
        four, three = (found[f'{d}, 64 range bins, {loops} loops'] for d in ('4D', '3D'))
        times, sizes = four[0] / three[0], four[1] / three[1]
        print(
            f"- 3D compared with this package's 4D, {loops} loops: {times:.1f} times as fast and "
            f'{sizes:.0f} times smaller.'
        )
    return found


def print_set(found: dict[str, tuple[float, int]], cached_bytes: int) -> None:
    """Print hours and bytes for all of HuPR."""
    print(f'\nAll {_HUPR_FRAMES:,} radar frames of HuPR, one core\n\n| method | hours | bytes on disk |\n|---|---|---|')
    published, size = found['4D, published method, re-created, 64 loops']
    ours, _ = found['3D, 64 range bins, 64 loops']
    rows = (
        ('published method, re-created', published, size),
        ("this package's cache, float16, 64 range bins", ours, cached_bytes),
        ('this package during training, 64 range bins, one epoch of windows in order', ours, 0),
    )
    for name, seconds, each in rows:
        print(f'| {name} | {seconds * _HUPR_FRAMES / 3600:.2f} | {each * _HUPR_FRAMES / 1e9:,.0f} GB |')


def print_windows(root: Path, name: str, num_frames: int) -> None:
    """Print the times of a window of two radars from file to tensor, of the loader and of the model."""
    config = load_config(str(_CONFIGS / f'{name}.py'))
    options = config.test_dataloader.dataset
    # the simulated set has a test split only
    options.update(data_root=str(root), sequences=None, cache_dir=None)
    dataset = DATASETS.build(options)
    frames = dataset.pipeline._frames._frames
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    middle = num_frames // 2

    def anew() -> None:
        frames.clear()
        dataset[middle]

    fresh = best_s(anew)
    times = []
    for _ in range(6):
        frames.clear()
        dataset[8]
        for index in range(9, num_frames - 8):
            start = time.perf_counter()
            dataset[index]
            times.append(time.perf_counter() - start)
    print(f'\nA window of {config.num_frames} frames of two radars, {name}, one core, warm page cache')
    print(f'- no frame kept from another window: {1e3 * fresh:.1f} ms')
    print(f'- the next window after it: {1e3 * np.median(times):.1f} ms (median)')
    torch.set_num_threads(threads)

    for shuffle in (False, True):
        generator = torch.Generator().manual_seed(0)
        loader = DataLoader(
            dataset, batch_size=2, shuffle=shuffle, num_workers=2, collate_fn=pseudo_collate, generator=generator,
            persistent_workers=True,
        )  # fmt: skip
        list(loader)  # starts the workers
        start = time.perf_counter()
        for _ in range(3):
            list(loader)
        rate = 3 * len(dataset) / (time.perf_counter() - start)
        print(f'- loader, 2 workers, windows {"shuffled" if shuffle else "in order"}: {rate:.0f} windows per second')
    model = MODELS.build(config.model).train()
    batch = pseudo_collate([dataset[middle], dataset[middle + 1]])

    def step() -> None:
        data = model.data_preprocessor(batch, True)
        sum(v for k, v in model(**data, mode='loss').items() if 'loss' in k).backward()

    print(f'- the model, forward and backward, {threads} threads: {2 / best_s(step, 5):.2f} windows per second')


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--num-frames', type=int, default=40, help='frames of the simulated recording for windows')
    args = parser.parse_args()
    keep_freed_memory()
    init_default_scope('mmradar')
    found = print_frames()
    cached = 2 * 2 * int(np.prod((12, 8, 64))) + 4  # two float16 a cell of 12 antennas, and a scale
    print_set(found, cached)
    with tempfile.TemporaryDirectory() as folder:
        plan = SimulationPlan(train=0, val=0, test=1, num_frames=args.num_frames)
        root = write_hupr_dataset(Path(folder) / 'set', plan)
        for name in ('millimamba_light_hupr', 'millimamba_hupr'):
            print_windows(root, name, args.num_frames)


if __name__ == '__main__':
    main()
