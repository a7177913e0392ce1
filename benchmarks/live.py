"""Run a live session over real sockets and measure lost bytes, the latency of poses and the growth of memory.

    python benchmarks/live.py --seconds 600
    python benchmarks/live.py --seconds 60 --speed 5 --poses-per-window 4

`mmradar replay`, in a separate process, repeatedly sends a simulated recording of two boards over loopback. Latency is
the time from the arrival of a frame's last packet to the pose that the frame completes.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from mmradar.apis import init_model
from mmradar.cli import markdown_table, run
from mmradar.live import LivePose, LiveSession
from mmradar.memory import keep_freed_memory
from mmradar.simulation import SimulationPlan, write_hupr_dataset

_SETTLING_S = 10.0  # time before the first measurement of memory


def resident_mib() -> float:
    """Return the current resident memory of this process, in MiB."""
    text = Path('/proc/self/status').read_text()
    return int(re.search(r'VmRSS:\s+(\d+)', text)[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', default='millimamba-small')
    parser.add_argument('--seconds', type=float, default=60.0)
    parser.add_argument('--speed', type=float, default=1.0, help="times the radar's own frame rate")
    parser.add_argument('--look-ahead', type=int)
    parser.add_argument('--poses-per-window', type=int, default=1)
    parser.add_argument('--threads', type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    keep_freed_memory()
    model, poses = init_model(args.model), []

    def keep(live: LivePose) -> None:
        poses.append((live.latency_s, live.left_out))

    with tempfile.TemporaryDirectory() as folder:
        plan = SimulationPlan(train=0, val=0, test=1, num_frames=40, sequences_per_subject=1)
        write_hupr_dataset(Path(folder) / 'set', plan)
        with LiveSession(
            model,
            dict.fromkeys(('hori', 'vert'), ('127.0.0.1', 0)),
            keep,
            folder,
            look_ahead=args.look_ahead,
            poses_per_window=args.poses_per_window,
        ) as session:
            boards, stream = session.boards, session.stream
            ports = [str(boards[view].address[1]) for view in stream.views]
            command = [sys.executable, '-m', 'mmradar', 'replay', str(next((Path(folder) / 'set').glob('single_*')))]
            sender = subprocess.Popen(
                [*command, '--repeat', '--speed', str(args.speed), '--ports', *ports], stdout=subprocess.DEVNULL
            )
            try:
                while not poses:
                    time.sleep(0.05)
                start, settled = time.monotonic(), None
                while (passed := time.monotonic() - start) < args.seconds:
                    time.sleep(0.1)
                    if settled is None and passed > min(_SETTLING_S, args.seconds / 2):
                        settled, count = resident_mib(), {view: board.num_frames for view, board in boards.items()}
                        since = time.monotonic()
                rate = [(boards[view].num_frames - count[view]) / (time.monotonic() - since) for view in boards]
                memory = resident_mib()
            finally:
                sender.terminate()
                sender.wait()
            frames = sum(board.num_frames for board in boards.values())
            lost = sum(board.lost_bytes for board in boards.values())
            latency = 1e3 * np.array([latency_s for latency_s, _ in poses])
            if session.error is not None:
                raise session.error
            rows = [
                ['frames of both boards', frames],
                ['frames per second and board', float(np.mean(rate))],
                ['MB per second', float(np.sum(rate)) * stream.radar.frame_bytes / 1e6],
                ['bytes lost', lost],
                ['poses computed', len(poses)],
                ['poses left out', poses[-1][1]],
                ["latency beyond the model's own wait, median, ms", float(np.median(latency))],
                ["latency beyond the model's own wait, 95th percentile, ms", float(np.percentile(latency, 95))],
                ["latency beyond the model's own wait, longest, ms", float(latency.max())],
                ["the model's own wait, ms", 1e3 * stream.wait_s],
                ['memory after 10 s, MiB', settled],
                ['memory at the end, MiB', memory],
            ]
    print(markdown_table(['', f'{args.seconds:g} s at {args.speed:g} times the frame rate'], rows))


if __name__ == '__main__':
    run(main)
