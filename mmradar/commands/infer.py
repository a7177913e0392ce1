"""Predict the poses of a recording; write a video, pictures and COCO JSON.

mmradar infer data/simhupr/single_409 -o out
mmradar infer hori/adc_data.bin vert/adc_data.bin --model work_dirs/own/epoch_20.pth -o out
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mmradar.cli import add_lifter_arguments, add_presence_argument, integer, lifter_from, progress_bar, trained_model
from mmradar.errors import ConfigError

if TYPE_CHECKING:
    from mmradar.apis import RadarPoseInferencer
    from mmradar.apis.sources import RecordedSequence

_INSPECTED_FRAMES = 4  # of each file


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
    parser.add_argument(
        '--profile',
        help="radar that made the recording, a preset or a file of TI's tools (default: the model's). Raw files do not "
        'say it: those of another radar give wrong poses',
    )
    add_lifter_arguments(parser)
    add_presence_argument(parser, default=0)
    parser.add_argument('--frames', help='first frame and one past the last, as 100:200')
    parser.add_argument('--batch-size', type=integer(1), default=16, help='windows per batch (default: 16)')
    parser.add_argument(
        '--average', type=integer(1), default=1, help='windows around each frame whose poses are averaged (default: 1)'
    )
    parser.add_argument(
        '--pictures', type=integer(0), default=8, help='number of pictures, in addition to the video (default: 8)'
    )
    parser.add_argument('--no-heatmaps', action='store_true', help='draw skeletons only')
    parser.add_argument('--show', action='store_true', help='show the poses in a window')
    parser.add_argument('--device', default='cpu', help='device that the model runs on (default: cpu)')


def main(args: argparse.Namespace) -> None:
    from mmradar.apis import RadarPoseInferencer
    from mmradar.apis.inferencer import SPLITS

    inferencer = RadarPoseInferencer(trained_model(args.model, args.weights, args.device), lifter=lifter_from(args))
    inputs = args.inputs[0] if len(args.inputs) == 1 else args.inputs
    if inputs not in SPLITS:
        inputs = _open_recordings(inputs, inferencer, args.profile)
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
    name = inputs if isinstance(inputs, str) else inputs.name
    print(
        f'{len(people)} frames: {args.out_dir}/visualizations/{name}.mp4, pictures in '
        f'{args.out_dir}/visualizations/{name}, {args.out_dir}/predictions/{name}.json'
    )
    if empty := people.count(0):
        print(f'Nobody moves in {empty} of them: a radar has no echo of {args.min_echo_db:g} dB (--min-echo-db).')


def _open_recordings(inputs: str | list[str], inferencer: RadarPoseInferencer, profile: str | None) -> RecordedSequence:
    """Open a recording, and print what raw files do not say: which file is which view, and what radar made them."""
    from mmradar.apis.sources import open_source
    from mmradar.radar import PRESETS, RadarConfig, RawRecording, inspect_adc, read_radar_config

    radar = inferencer.radar
    if profile is not None:
        radar = RadarConfig.build(profile) if profile in PRESETS else read_radar_config(profile)
    sequence = open_source(inputs, inferencer.views, radar)
    raw = [recording for recording in sequence.recordings.values() if isinstance(recording, RawRecording)]
    if raw:
        print(
            f'Read as {radar.num_tx} TX x {radar.num_rx} RX x {radar.num_loops} loops x {radar.num_samples} samples, '
            f'{"the radar of the model" if profile is None else profile}.'
        )
    for view, recording in sequence.recordings.items():
        print(f'{view}: {recording.path}, {len(recording)} frames')
    for recording in raw:
        for problem in inspect_adc(recording.path, radar, _INSPECTED_FRAMES).problems:
            print(f'Note: {recording.path}: {problem}', file=sys.stderr)
    lengths = {len(recording) for recording in sequence.recordings.values()}
    if len(lengths) > 1:
        print(f'The first {min(lengths)} frames of each are used.')
    return sequence


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
