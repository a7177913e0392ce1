"""Predict the poses of a recording; write a video, pictures and COCO JSON.

mmradar infer data/simhupr/single_409 -o out
mmradar infer hori/adc_data.bin vert/adc_data.bin --model work_dirs/own/epoch_20.pth -o out
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmradar.cli import add_lifter_arguments, add_presence_argument, lifter_from, progress_bar
from mmradar.errors import ConfigError

if TYPE_CHECKING:
    from mmradar.apis import RadarPoseInferencer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'inputs',
        nargs='+',
        help="folder of a sequence, one file per view in the model's order, or train, val, test",
    )
    parser.add_argument('-o', '--out-dir', type=Path, default=Path('out'), help='output folder (default: out)')
    parser.add_argument(
        '--model', default='millimamba-small', help="a published model's name, a checkpoint, or a configuration"
    )
    parser.add_argument('--weights', help='checkpoint, if --model is a configuration')
    add_lifter_arguments(parser)
    add_presence_argument(parser, default=0)
    parser.add_argument('--frames', help='first frame and one past the last, as 100:200')
    parser.add_argument('--batch-size', type=int, default=16, help='windows per batch (default: 16)')
    parser.add_argument(
        '--average', type=int, default=1, help='windows around each frame whose poses are averaged (default: 1)'
    )
    parser.add_argument(
        '--pictures', type=int, default=8, help='number of pictures, in addition to the video (default: 8)'
    )
    parser.add_argument('--no-heatmaps', action='store_true', help='draw skeletons only')
    parser.add_argument('--show', action='store_true', help='show the poses in a window')
    parser.add_argument('--device', default='cpu', help='device that the model runs on (default: cpu)')


def main(args: argparse.Namespace) -> None:
    from mmradar.apis import RadarPoseInferencer

    inferencer = RadarPoseInferencer(args.model, args.weights, args.device, lifter_from(args))
    inputs = args.inputs[0] if len(args.inputs) == 1 else args.inputs
    _print_recordings(inputs, inferencer)
    results = inferencer(
        inputs,
        frames=_range(args.frames),
        batch_size=args.batch_size,
        average=args.average,
        min_echo_db=args.min_echo_db or None,
        out_dir=args.out_dir,
        num_pictures=args.pictures,
        draw_heatmap=not args.no_heatmaps,
        show=args.show,
        on_progress=progress_bar('frames'),
    )
    people = [len(result['predictions']) for result in results]
    print(
        f'{len(people)} frames: {args.out_dir}/visualizations (video, pictures), {args.out_dir}/predictions (COCO JSON)'
    )
    if empty := people.count(0):
        print(f'Nobody moves in {empty} of them: a radar has no echo of {args.min_echo_db:g} dB (--min-echo-db).')


def _print_recordings(inputs: str | list[str], inferencer: RadarPoseInferencer) -> None:
    """Print which file is which view, so that files in the wrong order are noticed."""
    from mmradar.apis.inferencer import SPLITS
    from mmradar.apis.sources import open_source

    if inputs in SPLITS:
        return
    recordings = open_source(inputs, inferencer.views, inferencer.radar).recordings
    for view, recording in recordings.items():
        print(f'{view}: {recording.path}, {len(recording)} frames')
    lengths = {len(recording) for recording in recordings.values()}
    if len(lengths) > 1:
        print(f'The first {min(lengths)} frames of each are used.')


def _range(text: str | None) -> range | None:
    """Parse ``'100:200'`` as a range; ``None`` stays ``None``.

    Raises:
        ConfigError: If the text has another form.
    """
    if text is None:
        return None
    first, colon, stop = text.partition(':')
    if not (colon and first.isdigit() and stop.isdigit() and int(first) < int(stop)):
        raise ConfigError(f'--frames must be the first frame and one past the last, as 100:200, found {text!r}')
    return range(int(first), int(stop))
