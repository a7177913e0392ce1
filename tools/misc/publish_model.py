"""Convert a training checkpoint to a model file to share: weights in half precision, with their configuration."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmradar.apis import publish
from mmradar.cli import check_output_file, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('checkpoint', help='checkpoint of a training')
    parser.add_argument('out', type=Path, help='file to write')
    parser.add_argument('--config', help='configuration, if the checkpoint contains none')
    parser.add_argument('--data-root', help='folder to which the data sets of the written configuration refer')
    parser.add_argument('--full', action='store_true', help='keep weights in single precision')
    args = parser.parse_args()
    check_output_file(args.out)
    digest = publish(args.checkpoint, args.out, config=args.config, data_root=args.data_root, half=not args.full)
    print(f'{args.out}: {args.out.stat().st_size / 1e6:.2f} MB, SHA-256 {digest}')


if __name__ == '__main__':
    run(main)
