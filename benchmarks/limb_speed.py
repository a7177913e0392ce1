"""Measure how much is seen of limbs that rest, and of slow and of fast ones.

    python benchmarks/limb_speed.py data/simhupr --model millimamba-small

Predicts the sequences of a split of a simulated set. The speed of a joint at a frame is its highest within 0.8 s before
and after, the window of 16 frames. The motion explained is 1 - squared error / squared distance from the mean pose of
these sequences, both in px relative to the middle of the hips.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
from mmengine.model import BaseModel

from mmradar.apis import init_model
from mmradar.apis.inference import inference
from mmradar.cli import markdown_table, run
from mmradar.errors import DataError
from mmradar.evaluation import BodyFrame
from mmradar.evaluation.limb_motion import LIMBS, pairs_of

FRAME_RATE_HZ = 10
REACH = 8  # frames on either side
SPEEDS_M_S = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, np.inf)


def highest_speeds_m_s(joints_m: np.ndarray) -> np.ndarray:
    """Return the highest speed of each joint within ``REACH`` frames of each frame, (frames, joints), in m/s."""
    speed = np.linalg.norm(np.diff(joints_m, axis=0), axis=-1) * FRAME_RATE_HZ
    padded = np.pad(speed, ((REACH, REACH - 1), (0, 0)), mode='edge')
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH - 1, axis=0).max(-1)


def sequences(root: Path, split: str, model: BaseModel) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return predicted joints in px, true joints in px and the joints' speeds of each sequence of a split."""
    numbers = json.loads((root / 'splits.json').read_text())[split]
    annotation = json.loads((root / f'hrnet_annot_{split}.json').read_text())
    found = []
    for number, frames in zip(numbers, annotation):
        folder = root / f'single_{number}'
        positions = folder / 'joints_3d_m.npy'
        if not positions.is_file():
            raise DataError(f'no {positions}: joint speeds are known for sets of tools/simulate.py alone')
        recordings = {path.parent.name: str(path) for path in sorted(folder.glob('*/adc_data.*'))}
        samples = inference(model, recordings)
        predicted = np.stack([sample.pred_instances.keypoints[0] for sample in samples])
        true = np.array([frame['joints'] for frame in frames])
        found.append((predicted, true, highest_speeds_m_s(np.load(positions))))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data_root', type=Path, help='a set of tools/simulate.py')
    parser.add_argument('--model', default='millimamba-small', help="a published model's name, or a checkpoint")
    parser.add_argument('--split', default='test')
    args = parser.parse_args()
    model = init_model(args.model)
    names = model.dataset_meta['keypoint_id2name']
    body = BodyFrame.of(names)
    assert body is not None  # HuPR's joints
    predicted, true, speed = (np.concatenate(parts) for parts in zip(*sequences(args.data_root, args.split, model)))
    relative = true - body.root(true)
    squared_error = np.square(predicted - body.root(predicted) - relative).sum(-1)
    squared_motion = np.square(relative - relative.mean(0)).sum(-1)
    rows = []
    for limb in LIMBS:
        joints = list(pairs_of(names)[limb])
        cells = []
        for low, high in itertools.pairwise(SPEEDS_M_S):
            counted = (speed[:, joints] >= low) & (speed[:, joints] < high)
            share = counted.mean()
            if share < 0.005:
                cells.append('')
                continue
            error, motion = (each[:, joints][counted].sum() for each in (squared_error, squared_motion))
            cells.append(f'{1 - error / motion:.2f} ({100 * share:.0f} %)')
        rows.append([f'{limb}s', *cells])
    speeds = [f'{low:g} to {high:g}' for low, high in itertools.pairwise(SPEEDS_M_S[:-1])]
    print(markdown_table(['motion explained (share of frames) at m/s', *speeds, f'over {SPEEDS_M_S[-2]:g}'], rows))


if __name__ == '__main__':
    run(main)
