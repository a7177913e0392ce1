"""Measure the cost in AP of earlier poses of a stream, several poses per window, or the mean of several windows.

    python benchmarks/stream_accuracy.py configs/millimamba_small_simhupr.py mmradar/weights/millimamba_small.pth \\
        --data-root data/simhupr --look-ahead 7 4 2 0 --poses-per-window 2 4 8 --average 4

All frames of a split's windows are predicted once. Each frame's pose is then taken from the window, or windows, from
which ``RadarPoseStream(look_ahead=..., poses_per_window=..., average=...)`` takes it; with ``--around``, from which
``RadarPoseInferencer(average=...)`` does. The first row is the model as it is tested.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
import torch
from mmengine.config import Config
from mmpose.structures import PoseDataSample

from mmradar.apis import build_loader, init_model
from mmradar.apis.evaluation import metrics_of
from mmradar.apis.stream import frames_around_key
from mmradar.cli import add_config_arguments, config_from, markdown_table, run
from mmradar.datasets import HuPRDataset
from mmradar.structures import RadarWindow

_COLUMNS = dict(
    AP='AP', AP75='AP75', AP_elbow='elbows', AP_wrist='wrists', MPJPE_px='error, px', MPJVE_px='velocity, px per frame'
)
# for each frame of a sequence, its sample and the keypoints of all frames of the window around it
Windows = list[tuple[PoseDataSample, np.ndarray]]


def predict(config: Config, checkpoint: str) -> tuple[list[Windows], HuPRDataset]:
    """Predict the windows of each sequence of the test split."""
    model, loader = init_model(config, checkpoint), build_loader(config)
    windows = defaultdict(list)
    for batch in loader:
        with torch.no_grad():
            batch = model.data_preprocessor(batch, False)
            keypoints, _ = model.predict_window(**batch)
        for sample, poses in zip(batch['data_samples'], keypoints):
            windows[sample.sequence].append((sample, poses.numpy()))
    return [sorted(found, key=lambda each: each[0].frame) for found in windows.values()], loader.dataset


def samples_of(
    sequences: list[Windows], own: RadarWindow, look_ahead: int, poses_per_window: int, average: int
) -> list[dict]:
    """Return the samples of all frames, with the poses that a stream would return."""
    window = RadarWindow(own.num_frames, own.num_frames - 1 - look_ahead)
    before, _ = frames_around_key(window, poses_per_window)
    samples = []
    for windows in sequences:
        last = len(windows) - 1
        for number, (sample, _) in enumerate(windows):
            key = min(number - number % poses_per_window + before, last)
            # centre frame of the window that has `key` at `look_ahead` frames before its last one
            centre = min(max(key + own.key_index - window.key_index, 0), last)
            centres = [centre - back * poses_per_window for back in range(average)]
            places = [(each, own.key_index + number - each) for each in centres if each >= 0]
            pose = np.mean([windows[each][1][place] for each, place in places if place < own.num_frames], axis=0)
            samples.append({**sample.to_dict(), 'pred_instances': dict(keypoints=pose[None])})
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config')
    parser.add_argument('checkpoint')
    parser.add_argument('--look-ahead', type=int, nargs='+', default=[], help="with one pose a window; the model's own")
    parser.add_argument('--poses-per-window', type=int, nargs='+', default=[2, 4, 8], help='with its own look-ahead')
    parser.add_argument('--average', type=int, nargs='+', default=[], help='windows, with one pose a window')
    parser.add_argument(
        '--around', type=int, nargs='+', default=[], help='windows averaged, as many later ones as earlier ones'
    )
    add_config_arguments(parser)
    args = parser.parse_args()
    config = config_from(args)
    sequences, dataset = predict(config, args.checkpoint)
    own = dataset.window.num_frames - 1 - dataset.window.key_index
    choices = [(own, 1, 1), *((early, 1, 1) for early in args.look_ahead)]
    choices += [*((own, poses, 1) for poses in args.poses_per_window), *((own, 1, count) for count in args.average)]
    choices += [(own + (count - 1) // 2, 1, count) for count in args.around]
    rows = []
    for look_ahead, poses, average in choices:
        samples = samples_of(sequences, dataset.window, look_ahead, poses, average)
        metrics = metrics_of([(None, samples)], config.test_evaluator, dataset.metainfo, len(samples))
        before, _ = frames_around_key(dataset.window, poses)
        waits = look_ahead + before
        rows.append([look_ahead, poses, average, waits, *(metrics[f'coco/{name}'] for name in _COLUMNS)])
    header = ['look-ahead', 'poses per window', 'windows averaged', 'longest wait, frames', *_COLUMNS.values()]
    print(markdown_table(header, rows))


if __name__ == '__main__':
    run(main)
