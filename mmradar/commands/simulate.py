"""Simulate a two-radar data set in HuPR's layout on disk."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from mmengine.config import Config, DictAction

from mmradar.cli import integer, progress_bar
from mmradar.errors import ConfigError
from mmradar.simulation import (
    PLANS,
    SPLITS,
    CompactForm,
    RecordedPlan,
    check_fingerprint,
    write_hupr_dataset,
)

_DEFAULT = 'simhupr-v1-mini'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('out', type=Path, nargs='?', default=Path('data/simhupr'), help='output folder')
    parser.add_argument(
        '--preset',
        choices=sorted(PLANS),
        default=_DEFAULT,
        help=f'named, reproducible data set (default: {_DEFAULT})',
    )
    for split in SPLITS:
        parser.add_argument(
            f'--{split}',
            type=integer(0),
            help=f'number of sequences of the {split} split, instead of those of the preset',
        )
    parser.add_argument(
        '--motion-files',
        nargs='+',
        type=Path,
        help='simulate recorded motions instead (BVH, CMU ASF/AMC, DeepMimic, Kinect, arrays): all parts of these '
        'files in which the whole person is in view of the camera',
    )
    parser.add_argument('--motion-split', choices=SPLITS, help='split that the recorded motions become (default: test)')
    parser.add_argument(
        '--places',
        type=integer(1),
        help='sequences made of each part of a motion file, each at another place in another room (default: 1)',
    )
    parser.add_argument('--frames', type=integer(1), dest='num_frames', help='frames per sequence (10 per second)')
    parser.add_argument(
        '--form',
        choices=['raw', 'compact'],
        default='raw',
        help='raw ADC samples, or range profiles of 8 chirps and range bins 31 to 94, which suffice for the light '
        'configurations, take a thirtieth of the space and a fraction of the time',
    )
    parser.add_argument(
        '--chirps',
        type=integer(1),
        help='chirps kept of each frame in the compact form (default: 8), as many as num_chirps of a configuration can '
        'then be',
    )
    parser.add_argument('--seed', type=int, help='random seed')
    parser.add_argument('--radar', help='preset of the radar configuration')
    parser.add_argument(
        '--options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='other fields of the plan, e.g. skin.slope=0.1 extras.second_person=True',
    )
    parser.add_argument(
        '--splits',
        nargs='+',
        choices=SPLITS,
        help='splits to simulate now, such as those to test on; another call adds the others (default: all)',
    )
    parser.add_argument(
        '--workers',
        type=integer(1),
        default=os.cpu_count() or 1,
        help='number of processes; the result does not depend on it',
    )


def main(args: argparse.Namespace) -> None:
    changes = {key: getattr(args, key) for key in (*SPLITS, 'num_frames', 'seed', 'radar')}
    changes = {key: value for key, value in changes.items() if value is not None}
    options = Config()
    options.merge_from_dict(args.options)  # skin.slope becomes skin={'slope': ...}
    if args.motion_files:
        plan = RecordedPlan.of_files(
            args.motion_files,
            args.motion_split or 'test',
            1 if args.places is None else args.places,
            on_unreadable=lambda error: print(f'Note: {error}', file=sys.stderr),
            **(changes | options.to_dict()),
        )
    elif args.motion_split or args.places is not None:
        raise ConfigError('--motion-split and --places say what to make of --motion-files, of which there are none')
    else:
        plan = PLANS[args.preset].changed(**changes, **options.to_dict())
    form = _form(args)
    sequences = {split: len(numbers) for split, numbers in plan.splits.items() if split in (args.splits or SPLITS)}
    if not sum(sequences.values()):
        raise ConfigError('there is no sequence to simulate: all splits have 0')
    args.out.mkdir(parents=True, exist_ok=True)
    gigabytes = plan.total_bytes(form) * sum(sequences.values()) / max(plan.num_sequences, 1) / 1e9
    print(
        f'Simulating {" + ".join(map(str, sequences.values()))} sequences ({" + ".join(sequences)}) of '
        f'{plan.num_frames} frames, {gigabytes:.1f} GB of '
        f'{"raw ADC samples" if form is None else "range profiles"}, to {args.out}'
    )
    if plan == PLANS[args.preset]:
        check_fingerprint(args.preset)
        print(f'This computer reproduces {args.preset} as published.')
    start = time.perf_counter()
    write_hupr_dataset(
        args.out,
        plan,
        workers=args.workers,
        form=form,
        splits=args.splits,
        on_progress=progress_bar('sequences'),
    )
    print(
        f"Done in {time.perf_counter() - start:.0f} s. The layout is HuPR's: {args.out}/single_<N>/{{hori,vert}}/"
        f'{"adc_data.bin" if form is None else "adc_data.profiles.npy"}, hrnet_annot_<split>.json'
    )


def _form(args: argparse.Namespace) -> CompactForm | None:
    """Return the form of the recordings; ``None`` for raw files."""
    if args.form == 'compact':
        return CompactForm() if args.chirps is None else CompactForm(num_chirps=args.chirps)
    if args.chirps is not None:
        raise ConfigError('--chirps is for --form compact; raw files have all chirps')
    return None
