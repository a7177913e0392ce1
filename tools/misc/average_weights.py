"""Average the weights of two checkpoints of one model, such as one before and one after a fine-tuning.

    python tools/misc/average_weights.py work_dirs/before/epoch_3.pth work_dirs/after/epoch_9.pth out.pth --share 0.75

On a line between both, a fine-tuned network often keeps what it knew and has most of what it learnt (Wortsman et al.,
Robust fine-tuning of zero-shot models, CVPR 2022). Weights that only the second has are taken from it, and so is all
else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from mmradar.atomic_write import atomic_write
from mmradar.cli import check_output_file, run
from mmradar.engine.checkpoint import read_checkpoint
from mmradar.errors import CheckpointError


def average_weights(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor], share: float) -> dict:
    """Return ``(1 - share) * first + share * second`` of all weights, and those that only the second has as they are.

    Raises:
        CheckpointError: The first has weights that the second has not, or of another shape.
    """
    if unlike := [key for key in first if key not in second or first[key].shape != second[key].shape]:
        raise CheckpointError(f'not two checkpoints of one model: the second has no {unlike[0]} of the same shape')
    averaged = dict(second)
    for key, weight in first.items():
        if weight.is_floating_point():
            averaged[key] = torch.lerp(weight.double(), second[key].double(), share).to(second[key].dtype)
    return averaged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('first', help='checkpoint of the earlier training')
    parser.add_argument('second', help='checkpoint of the later training')
    parser.add_argument('out', type=Path, help='file to write: the second checkpoint with averaged weights')
    parser.add_argument('--share', type=float, default=0.5, help='share of the second checkpoint (default: 0.5)')
    args = parser.parse_args()
    check_output_file(args.out)
    if not 0 <= args.share <= 1:
        parser.error(f'--share must be 0 to 1, found {args.share}')
    first, second = read_checkpoint(args.first), read_checkpoint(args.second)
    states = [content.get('state_dict', content) for content in (first, second)]
    kept = {key: second[key] for key in ('meta',) if key in second}
    with atomic_write(args.out) as file:
        torch.save({**kept, 'state_dict': average_weights(*states, args.share)}, file)
    print(f'{args.out}: {1 - args.share:g} of {args.first}, {args.share:g} of {args.second}')


if __name__ == '__main__':
    run(main)
