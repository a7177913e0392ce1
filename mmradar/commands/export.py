"""Write a model as a file that runs without mmradar: ONNX, or torch's exported program."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmradar.apis import export, init_model
from mmradar.apis.exporting import FORMATS
from mmradar.cli import check_output_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('model', help="a published model's name, a checkpoint, or a configuration")
    parser.add_argument('out', type=Path, nargs='?', help='output file (default: model.onnx or model.pt2)')
    parser.add_argument('--weights', help='checkpoint, if the model is a configuration')
    parser.add_argument('--format', choices=FORMATS, default='onnx', help='file format (default: onnx)')


def main(args: argparse.Namespace) -> None:
    out = args.out or Path('model.onnx' if args.format == 'onnx' else 'model.pt2')
    check_output_file(out)
    export(init_model(args.model, args.weights), out, args.format)
    print(f'{out}: {out.stat().st_size / 1e6:.1f} MB; heatmaps of a window in, keypoints of its key frame in px out')
