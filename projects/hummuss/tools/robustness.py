"""Test a checkpoint with missing joints, with noisy ones, and on sequences far longer than those of its training."""

from __future__ import annotations

import argparse
from itertools import product

from hummuss.evaluation.changed_test_set import evaluate_under, lifting_metric
from mmradar.apis import init_model
from mmradar.cli import add_config_arguments, config_from, markdown_table, run

NAMES = ('MPJPE', 'P-MPJPE', 'MPJVE')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--missing', type=float, nargs='*', default=[0.0, 0.15, 0.3, 0.5], help='shares of missing joints'
    )
    parser.add_argument(
        '--dropout-s', type=float, nargs='*', default=[0.0, 0.5], help='mean time for which a joint is missing, in s'
    )
    parser.add_argument(
        '--noise-px',
        type=float,
        nargs='*',
        default=[0.0, 5.0, 10.0, 20.0],
        help='errors of the 2D joints, in px',
    )
    parser.add_argument(
        '--correlation-s', type=float, nargs='*', default=[0.0, 0.5], help='times for which the errors persist, in s'
    )
    parser.add_argument('--frames', type=int, nargs='*', default=[81, 243, 1024], help='frames of the long sequences')
    parser.add_argument('--clips', type=int, default=21, help='clips of the test with long sequences')
    parser.add_argument('--device', default='cpu')
    add_config_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    config = config_from(args)
    model = init_model(config, args.checkpoint, args.device)
    missing = {f'{share:.0%}': dict(joint_dropout=share) for share in args.missing}
    noisy = {f'{noise_px:g}': dict(noise_px=noise_px) for noise_px in args.noise_px}
    for heading, changes, duration, durations_s in (
        ('joints missing', missing, 'dropout_s', args.dropout_s),
        ('noise (px)', noisy, 'noise_correlation_s', args.correlation_s),
    ):
        rows = []
        for seconds, (value, change) in product(durations_s, changes.items()):
            metrics = evaluate_under(model, config, **change, **{duration: seconds})
            lasting = f'{seconds:g} s' if seconds else 'a frame'
            rows.append([value, lasting, *(lifting_metric(metrics, name) for name in NAMES)])
        if rows:
            print(markdown_table([heading, 'for about', *(f'{name} (mm)' for name in NAMES)], rows) + '\n')
    if args.frames:
        # One clip length, so that every row has the same clips and cameras
        clip_s = max(args.frames) / config.test_dataloader.dataset.get('frame_rate_hz', 30.0)
        rows = []
        for frames in args.frames:
            metrics = evaluate_under(
                model, config, num_frames=frames, stride=frames, clip_s=clip_s, num_clips=args.clips, motion_files=[]
            )
            rows.append([frames, *(lifting_metric(metrics, name) for name in NAMES)])
        print(markdown_table(['frames in one pass', *(f'{name} (mm)' for name in NAMES)], rows))


if __name__ == '__main__':
    run(main)
