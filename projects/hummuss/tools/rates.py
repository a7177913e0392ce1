"""Test a checkpoint at frame rates other than that of its training, with and without giving the model the rate."""

from __future__ import annotations

import argparse

from hummuss.evaluation.changed_test_set import evaluate_under, lifting_metric
from mmradar.apis import init_model
from mmradar.cli import add_config_arguments, config_from, markdown_table, percent_change, run

CONDITIONS = {
    'x0.25': dict(rate_scale=0.25),
    'x0.5': dict(rate_scale=0.5),
    'x1': dict(),
    'x2': dict(rate_scale=2.0),
    'x4': dict(rate_scale=4.0),
    'irregular': dict(irregular=True),
    'irregular, x0.5': dict(irregular=True, rate_scale=0.5),
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='configuration file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--keep',
        choices=['duration', 'frames'],
        default='duration',
        help="what a window keeps at another rate: its duration, or its number of frames (a Transformer's positions)",
    )
    parser.add_argument('--device', default='cpu')
    add_config_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    config = config_from(args)
    model = init_model(config, args.checkpoint, args.device)
    results = {
        name: [evaluate_under(model, config, keep=args.keep, rescale=rescale, **changes) for rescale in (True, False)]
        for name, changes in CONDITIONS.items()
    }
    reference = lifting_metric(results['x1'][0], 'MPJPE')
    rows = []
    for name, pair in results.items():
        errors = [lifting_metric(metrics, 'MPJPE') for metrics in pair]
        changes = [None if error is None else percent_change(error, reference) for error in errors]
        rows.append([name, errors[0], changes[0], errors[1], changes[1], lifting_metric(pair[0], 'P-MPJPE')])
    header = ['frame rate', 'MPJPE, rescaled (mm)', 'change', 'MPJPE, not rescaled (mm)', 'change', 'P-MPJPE, rescaled']
    print(markdown_table(header, rows))


if __name__ == '__main__':
    run(main)
