"""Measure how fast radar frames are simulated: a frame on one core, a sequence on two cores, and the mini sets."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from mmradar.memory import keep_freed_memory
from mmradar.simulation import (
    HUPR_MOUNTINGS,
    PLANS,
    Camera,
    CompactForm,
    RadarSensor,
    SimulationPlan,
    simulate_sequence,
    write_hupr_dataset,
)
from mmradar.simulation.range_profiles import moving_profiles, noise_profiles


def best_s(function, repetitions: int) -> float:
    """Return the shortest time of several runs after a warm-up run, in s."""
    function()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def frame_parts(repetitions: int) -> None:
    """Print the time of each part of simulating a frame."""
    plan = SimulationPlan(train=1, val=0, test=0, num_frames=16)
    config, person = plan.radar_config, plan.person(1)
    sensor = RadarSensor(config, HUPR_MOUNTINGS['hori'])
    times = 0.1 * np.arange(16)[:, None] + config.frame_duration_s * np.array([0, 0.5, 1])
    seen = person.scatterers(times, sensor.position_m)
    generator, bins = torch.Generator().manual_seed(0), CompactForm().range_bins
    parts = {
        'body: poses, facets, occlusion': best_s(lambda: person.scatterers(times, sensor.position_m), 5) / 16,
        'echo of its facets': best_s(lambda: sensor.echo(seen.positions_m[0], seen.rcs_m2[0]), repetitions),
        'noise': best_s(lambda: sensor.noise(generator), repetitions),
        'all, with quantisation, per frame of a sequence of 16': best_s(lambda: simulate_sequence(plan, 1, Camera()), 5)
        / 32,
        'range profiles of its facets, instead of the echo': best_s(
            lambda: moving_profiles(sensor, seen, (), 8, bins), 5
        )
        / 16,
        'noise of range profiles': best_s(lambda: noise_profiles(sensor, 16, 8, 64, generator), 5) / 16,
        'all, as range profiles, per frame of a sequence of 16': best_s(
            lambda: simulate_sequence(plan, 1, Camera(), form=CompactForm()), 5
        )
        / 32,
    }
    print(f'One frame of 12 x 64 x 256, {person.surface.num_facets} facets, one thread\n\n| part | ms |\n|---|---|')
    for name, seconds in parts.items():
        print(f'| {name} | {1e3 * seconds:.2f} |')


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--repetitions', type=int, default=50)
    parser.add_argument('--mini', action='store_true', help='write the mini sets too: 9.5 GB, and removed again')
    args = parser.parse_args()
    keep_freed_memory()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    frame_parts(args.repetitions)
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        # 600 frames as two sequences of 300, so that two processes share them
        plan = SimulationPlan(train=2, val=0, test=0, num_frames=300)
        start = time.perf_counter()
        write_hupr_dataset(Path(folder) / 'sequence', plan, workers=2)
        seconds = time.perf_counter() - start
        print(f'\n600 frames of two views with two processes, including their start and writing, take {seconds:.1f} s.')
        if args.mini:
            start = time.perf_counter()
            write_hupr_dataset(Path(folder) / 'mini', PLANS['simhupr-v1-mini'], workers=2)
            print(f'simhupr-v1-mini, two processes: {time.perf_counter() - start:.0f} s')
            start = time.perf_counter()
            write_hupr_dataset(Path(folder) / 'v2', PLANS['simhupr-v2-mini'], workers=2, form=CompactForm())
            print(f'simhupr-v2-mini as range profiles, two processes: {time.perf_counter() - start:.0f} s')


if __name__ == '__main__':
    main()
