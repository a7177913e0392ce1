"""Compute a data set's heatmaps in advance and write them to disk.

This is optional, as training computes them from the raw files as needed; it helps if these lie on a slow disk.
"""

from __future__ import annotations

import argparse
import os
import time

from mmradar.apis.preprocessing import SPLITS, preprocess
from mmradar.cli import add_config_arguments, config_from, progress_bar, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument(
        '--splits', nargs='+', choices=SPLITS, default=SPLITS, help='splits to process; all if not given'
    )
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count() or 1, help='number of processes; the result does not depend on it'
    )
    add_config_arguments(parser)
    parser.set_defaults(cache_dir='data/heatmaps')
    args = parser.parse_args()
    start = time.perf_counter()
    result = preprocess(config_from(args), args.cache_dir, args.splits, args.workers, progress_bar('recordings'))
    print(
        f'{result.made} recordings computed, {result.found} already there, {result.total_bytes / 1e9:.2f} GB in '
        f'{args.cache_dir}, {time.perf_counter() - start:.0f} s. To use them:\n'
        f'  python tools/train.py {args.config} --cache-dir {args.cache_dir}'
    )


if __name__ == '__main__':
    run(main)
