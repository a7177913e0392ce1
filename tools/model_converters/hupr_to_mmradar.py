"""Convert a checkpoint of HuPR's public code to a checkpoint of this package's HuPR baseline."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from mmengine.registry import init_default_scope

from mmradar.apis.configuration import load_config
from mmradar.cli import check_output_file, run
from mmradar.engine.checkpoint import read_checkpoint
from mmradar.models.converters import hupr_to_mmradar, state_dict_of
from mmradar.registry import MODELS

BASELINE = Path(__file__).parents[2] / 'configs' / 'baselines' / 'hupr_hupr.py'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('checkpoint', type=Path, help="checkpoint of HuPR's code, such as model_best.pth")
    parser.add_argument('out', type=Path, help='file to write')
    parser.add_argument(
        '--config', default=str(BASELINE), help='configuration of the model to which the weights belong'
    )
    args = parser.parse_args()
    check_output_file(args.out)
    init_default_scope('mmradar')
    with torch.device('meta'):
        own = MODELS.build(load_config(args.config).model).state_dict()
    state = hupr_to_mmradar(state_dict_of(read_checkpoint(args.checkpoint)), own)
    torch.save({'state_dict': state}, args.out)
    print(f'{args.out}: {len(state)} tensors. To evaluate it:\n  python tools/test.py {args.config} {args.out}')


if __name__ == '__main__':
    run(main)
