"""Write a model as a file that runs without mmradar: ONNX, or torch's exported program."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmradar.cli import check_output_file, trained_model

_DEFAULT_OUT = {'onnx': 'model.onnx', 'torch': 'model.pt2'}  # file of each format


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('model', help="a published model's name, a checkpoint, or a configuration")
    parser.add_argument(
        'out', type=Path, nargs='?', help=f'output file (default: {" or ".join(_DEFAULT_OUT.values())})'
    )
    parser.add_argument('--weights', help='checkpoint, if the model is a configuration')
    parser.add_argument('--format', choices=_DEFAULT_OUT, default='onnx', help='file format (default: onnx)')


def main(args: argparse.Namespace) -> None:
    from mmradar.apis import export

    out = args.out or Path(_DEFAULT_OUT[args.format])
    check_output_file(out)
    export(trained_model(args.model, args.weights, options=('MODEL', '--weights')), out, args.format)
    print(f'{out}: {out.stat().st_size / 1e6:.1f} MB; heatmaps of a window in, keypoints of its key frame in px out')
