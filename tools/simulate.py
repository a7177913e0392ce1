"""Simulate a two-radar data set in HuPR's layout on disk."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from mmradar.apis.command_line import progress_bar, run
from mmradar.simulation import SimulationPlan, write_hupr_dataset


def parse_args() -> argparse.Namespace:
    default = SimulationPlan()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out', type=Path, nargs='?', default=Path('data/simhupr'), help='folder to write to')
    for split in ('train', 'val', 'test'):
        parser.add_argument(
            f'--{split}', type=int, default=getattr(default, split), help=f'sequences of the {split} split'
        )
    parser.add_argument('--frames', type=int, default=default.num_frames, help='frames a sequence (10 a second)')
    parser.add_argument('--seed', type=int, default=default.seed, help='of everything')
    parser.add_argument('--radar', default=default.radar, help='preset of the radar configuration')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count() or 1, help='processes; the result does not depend on it'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    plan = SimulationPlan(
        train=args.train, val=args.val, test=args.test, num_frames=args.frames, seed=args.seed, radar=args.radar
    )
    print(
        f'Simulating {args.train} + {args.val} + {args.test} sequences (train + val + test) of {args.frames} frames, '
        f'{plan.total_bytes / 1e9:.1f} GB of raw ADC samples, to {args.out}'
    )
    start = time.perf_counter()
    write_hupr_dataset(args.out, plan, workers=args.workers, on_progress=progress_bar('sequences'))
    print(
        f"Done in {time.perf_counter() - start:.0f} s. The layout is HuPR's: {args.out}/single_<N>/{{hori,vert}}/"
        f'adc_data.bin, hrnet_annot_<split>.json'
    )


if __name__ == '__main__':
    run(main)
