"""Measure how fast a model runs as a stream, frame by frame, and where the time goes.

    python benchmarks/stream.py millimamba-small configs/millimamba_hupr.py --poses-per-window 1 4 --threads 2
    python benchmarks/stream.py --lift hummuss-causal-small --threads 1

The input is simulated raw frames of two radars. ``per frame`` is the time of the work that is done once per frame, for
both views; ``per window`` is the time of the rest, including the network, which a frame that completes a window has to
wait for. Times are medians. If a model is given as a configuration, its network has random weights. With ``--lift``,
``lifting`` is the part of the time per window that lifts one pose to 3D; on a machine that others use too, the
processor's time says how much of it the thread itself ran.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from mmradar.apis import RadarPoseStream, init_model
from mmradar.apis.pose_lifting import PoseLifting
from mmradar.cli import markdown_table, run
from mmradar.memory import keep_freed_memory
from mmradar.simulation import Camera, SimulationPlan, simulate_sequence


def row_of(name: str, poses_per_window: int, frames: int, lift: str | None, amp: bool) -> list:
    """Measure one model and return its row of the table."""
    lifter = None if lift is None else init_model(lift)
    stream = RadarPoseStream(init_model(name), poses_per_window=poses_per_window, amp=amp, lifter=lifter)
    plan = SimulationPlan(train=1, val=0, test=0, num_frames=8, sequences_per_subject=1, radar=vars(stream.radar))
    words = simulate_sequence(plan, 1, Camera())[0]
    of_frame, of_window, of_lifting = [], [], []

    def timed(view: str, frame: np.ndarray) -> dict:
        start = time.perf_counter()
        found = RadarPoseStream._process_frame(stream, view, frame)
        of_frame.append(time.perf_counter() - start)
        return found

    def timed_lift(lifting: PoseLifting, *pose) -> np.ndarray | None:
        start, cpu_start = time.perf_counter(), time.thread_time()
        found = lift_pose(lifting, *pose)
        of_lifting.append((time.perf_counter() - start, time.thread_time() - cpu_start))
        return found

    warm, lift_pose = 2 * stream.window.num_frames, PoseLifting.lift
    with mock.patch.object(stream, '_process_frame', timed), mock.patch.object(PoseLifting, 'lift', timed_lift):
        for number in range(warm + frames):
            start, so_far = time.perf_counter(), len(of_frame)
            poses = stream.push({view: words[view][number % 8] for view in stream.views})
            if poses and number >= warm:
                of_window.append(time.perf_counter() - start - sum(of_frame[so_far:]))
    once = 1e3 * len(stream.views) * np.median(of_frame[len(stream.views) * warm :])
    each = 1e3 * np.median(of_window)
    of_pose = once + each / poses_per_window
    return [
        Path(name).stem,
        stream.window.num_frames,
        poses_per_window,
        once,
        each,
        of_pose,
        1e3 / of_pose,
        stream.wait,
        *(1e3 * np.median(of_lifting[warm:], axis=0) if lifter is not None else ()),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('models', nargs='*', default=['millimamba-small'], help='names, checkpoints, configurations')
    parser.add_argument('--poses-per-window', nargs='+', type=int, default=[1])
    parser.add_argument('--lift', help='a model that lifts the poses to 3D: a checkpoint or a configuration')
    parser.add_argument('--amp', action='store_true', help='bfloat16')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--frames', type=int, default=60)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    keep_freed_memory()
    header = [
        'model',
        'T',
        'poses per window',
        'per frame, ms',
        'per window, ms',
        'per pose, ms',
        'poses per second',
        'longest wait, frames',
        *(['lifting, ms', "lifting, processor's ms"] if args.lift else []),
    ]
    rows = [
        row_of(name, poses, args.frames, args.lift, args.amp) for name in args.models for poses in args.poses_per_window
    ]
    print(markdown_table(header, rows))


if __name__ == '__main__':
    run(main)
