"""Convert the weights of a Mamba layer of mamba-ssm or Vision Mamba to those of a VisionMambaLayer, or back."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from mmradar.cli import check_output_file, run
from mmradar.engine.checkpoint import read_checkpoint
from mmradar.models.converters import mamba_to_mmradar, mmradar_to_mamba, state_dict_of, vision_mamba_arguments


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('checkpoint', type=Path, help='file that contains the layer')
    parser.add_argument('out', type=Path, help='file to write: a state dict')
    parser.add_argument(
        '--prefix',
        default='',
        help="prefix of the layer's names: layers.0. for a block, layers.0.mixer. for its mixer without norm",
    )
    parser.add_argument(
        '--divide-out', action='store_true', help="the layer was trained with Vision Mamba's if_divide_out"
    )
    parser.add_argument('--back', action='store_true', help="convert a VisionMambaLayer to mamba-ssm's names")
    args = parser.parse_args()
    check_output_file(args.out)
    state = state_dict_of(read_checkpoint(args.checkpoint), args.prefix)
    converted = (mmradar_to_mamba if args.back else mamba_to_mmradar)(state, args.divide_out)
    torch.save(converted, args.out)
    arguments = vision_mamba_arguments(converted if args.back else state)
    settings = ', '.join(f'{name}={value}' for name, value in arguments.items())
    print(f'{args.out}: {len(converted)} tensors of VisionMambaLayer({settings})')


if __name__ == '__main__':
    run(main)
