"""Draw samples of a data set, with the input of the model (such as the heatmaps of each radar) and the true pose."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.registry import init_default_scope

from mmradar.apis.drawing import check_draws
from mmradar.cli import add_config_arguments, config_from, progress_bar, run
from mmradar.registry import DATASETS, VISUALIZERS
from mmradar.visualization.sample_visualizer import picture_name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('config', help='configuration file')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train', help='split of the data set')
    parser.add_argument('--output-dir', type=Path, default=Path('work_dirs/browse'), help='folder for the pictures')
    parser.add_argument(
        '--max-samples', type=int, default=20, help='number of samples, spread evenly over the data set'
    )
    add_config_arguments(parser)
    args = parser.parse_args()
    args.output_dir.mkdir(parents=True, exist_ok=True)
    config = config_from(args)
    check_draws(config)
    init_default_scope('mmradar')
    dataset = DATASETS.build(config[f'{args.split}_dataloader'].dataset)
    visualizer = VISUALIZERS.build({**config.visualizer, 'vis_backends': None})
    visualizer.dataset_meta = dataset.metainfo
    count = min(args.max_samples, len(dataset))
    show_progress = progress_bar('pictures')
    for number in range(count):
        sample = dataset[number * len(dataset) // count]
        name = f'{args.split}_{picture_name(sample["data_samples"])}'
        visualizer.add_datasample(
            name,
            sample['inputs'].numpy(),
            sample['data_samples'],
            draw_pred=False,
            out_file=str(args.output_dir / f'{name}.png'),
        )
        show_progress(number + 1, count)
    print(f'Pictures are in {args.output_dir}')


if __name__ == '__main__':
    run(main)
