"""Lift radar poses to 3D: a radar network predicts the 2D poses of a simulated test set, a HumMUSS lifts each sequence.

    python projects/hummuss/tools/lift_radar.py --data-root data/simhupr

Needs a data set with 3D joints next to its raw files, as ``tools/simulate.py`` writes them. The lifter has never seen
radar: it was trained on motions filmed by virtual cameras. It receives the data set's frame rate as ``delta_scale``.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from mmengine.config import DictAction
from mmengine.model import BaseModel

from hummuss.datasets.lifting_arrays import normalise_to_screen, pack_lifting_sample
from hummuss.datasets.motion_lifting_dataset import root_relative
from hummuss.evaluation.lifting_errors import joint_errors, procrustes_aligned
from hummuss.pixel_stream import training_rate_hz
from mmradar.apis import build_loader, init_model, predictions
from mmradar.apis.data_folders import set_data_root
from mmradar.apis.models import config_of
from mmradar.cli import add_lifter_arguments, lifter_from, markdown_table, progress_bar, run
from mmradar.errors import DataError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--model',
        default='millimamba-small',
        help="radar network: a published model's name, a checkpoint, or a configuration (default: millimamba-small)",
    )
    parser.add_argument('--weights', help='checkpoint, if --model is a configuration')
    add_lifter_arguments(parser)
    parser.set_defaults(lift='hummuss-causal-small', device='cpu')
    parser.add_argument('--data-root', help="folder of the data set, instead of that in the network's configuration")
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help="override entries of the radar network's configuration, such as its test set",
    )
    return parser.parse_args()


def radar_poses(model: BaseModel) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray], object]:
    """Return the predicted and true 2D joints in px by sequence, (frames, 14, 2) each, and the data set."""
    loader = build_loader(config_of(model))
    found, truth = defaultdict(dict), defaultdict(dict)
    for _, samples in predictions(model, loader, progress_bar('batches')):
        for sample in samples:
            keypoints = [np.asarray(x.keypoints[0]) for x in (sample.pred_instances, sample.gt_instances)]
            found[sample.sequence][sample.frame], truth[sample.sequence][sample.frame] = keypoints

    def in_order(frames: dict[int, np.ndarray]) -> np.ndarray:
        return np.stack([frames[frame] for frame in sorted(frames)])

    return (
        {sequence: in_order(frames) for sequence, frames in found.items()},
        {sequence: in_order(frames) for sequence, frames in truth.items()},
        loader.dataset,
    )


def joints_in_camera_axes(dataset, sequence: int) -> np.ndarray:
    """Read the true joints relative to the pelvis in camera axes (x right, y down, z away), in m, (frames, 14, 3)."""
    path = Path(dataset.data_root) / f'single_{sequence}' / 'joints_3d_m.npy'
    if not path.is_file():
        raise DataError(f'no 3D joints at {path}; tools/simulate.py writes them, recorded sets do not have them')
    x, y, z = np.moveaxis(np.load(path, allow_pickle=False).astype(np.float64), -1, 0)
    return root_relative(np.stack([x, -z, y], axis=-1))


def main() -> None:
    args = parse_args()
    model = init_model(args.model, args.weights, cfg_options=args.cfg_options)
    lifter = lifter_from(args)
    assert lifter is not None  # --lift has a default
    rate_hz = training_rate_hz(config_of(lifter))
    if args.data_root:
        set_data_root(config_of(model), args.data_root)
    found, truth, dataset = radar_poses(model)
    metainfo = dict(delta_scale=rate_hz / dataset.radar.frame_rate_hz, flip_indices=dataset.metainfo['flip_indices'])
    errors = defaultdict(list)
    poses = {sequence: joints_in_camera_axes(dataset, sequence) for sequence in found}
    mean_pose = np.concatenate(list(poses.values())).mean(0)
    for sequence, target in poses.items():
        lifted = {'the mean pose of these sequences': np.broadcast_to(mean_pose, target.shape)}
        sources = {f'radar: {args.model} and {args.lift}': found, f'true 2D joints and {args.lift}': truth}
        for name, keypoints in sources.items():
            seen = np.ones(target.shape[:2])
            screen = normalise_to_screen(keypoints[sequence], dataset.image_size)
            packed = pack_lifting_sample(screen, target, seen, seen, metainfo)
            with torch.no_grad():
                (sample,) = lifter(packed['inputs'][None], [packed['data_samples']], mode='predict')
            lifted[name] = root_relative(sample.pred_instances.keypoints_3d.numpy().astype(np.float64))
        for name, pose in lifted.items():
            aligned = procrustes_aligned(pose, target, np.ones(target.shape[:2]))
            errors[name].append((joint_errors(pose, target).mean(), joint_errors(aligned, target).mean()))
    rows = [[name, *(1e3 * np.mean(values, axis=0)).tolist()] for name, values in errors.items()]
    print(markdown_table(['3D poses of', 'MPJPE (mm)', 'P-MPJPE (mm)'], rows))


if __name__ == '__main__':
    run(main)
