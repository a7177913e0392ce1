"""How fast a model is as a stream, frame by frame, and where its time goes.

    python benchmarks/stream.py millimamba-small --threads 2

Raw frames of two radars, simulated; every frame gives one pose. ``of a frame`` is what is done once a frame,
for both views; ``of a window`` the rest, the network included. Medians.
"""

from __future__ import annotations

import argparse
import time
from unittest import mock

import numpy as np
import torch

from mmradar.apis import RadarPoseStream, init_model
from mmradar.cli import markdown_table, run
from mmradar.memory import keep_freed_memory
from mmradar.simulation import Camera, SimulationPlan, simulate_sequence


def row_of(name: str, frames: int) -> list:
    """One model's row of the table."""
    stream = RadarPoseStream(init_model(name))
    plan = SimulationPlan(train=1, val=0, test=0, num_frames=8, sequences_per_subject=1, radar=vars(stream.radar))
    words = simulate_sequence(plan, 1, Camera())[0]
    of_frame, whole = [], []

    def timed(view: str, frame: np.ndarray) -> dict:
        start = time.perf_counter()
        found = RadarPoseStream._of_frame(stream, view, frame)
        of_frame.append(time.perf_counter() - start)
        return found

    warm = 2 * stream.window.num_frames
    with mock.patch.object(stream, '_of_frame', timed):
        for number in range(warm + frames):
            start = time.perf_counter()
            stream.push({view: words[view][number % 8] for view in stream.views})
            whole.append(time.perf_counter() - start)
    once = 1e3 * len(stream.views) * np.median(of_frame[len(stream.views) * warm :])
    in_all = 1e3 * np.median(whole[warm:])
    return [name, stream.window.num_frames, once, in_all - once, in_all, 1e3 / in_all, stream.look_ahead]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('models', nargs='*', default=['millimamba-small'], help='names, checkpoints, configurations')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--frames', type=int, default=60)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    keep_freed_memory()
    header = ['model', 'T', 'of a frame, ms', 'of a window, ms', 'in all, ms', 'poses a second', 'waits for, frames']
    print(markdown_table(header, [row_of(name, args.frames) for name in args.models]))


if __name__ == '__main__':
    run(main)
