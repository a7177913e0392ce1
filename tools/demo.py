"""Simulate data, then train, evaluate and draw: all steps of mmradar in one run on a CPU."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.image import imread, imsave
from mmengine.config import Config

from mmradar.apis import RadarPoseInferencer, published_models, test, train
from mmradar.apis.configuration import load_config
from mmradar.apis.data_folders import set_data_root
from mmradar.apis.mean_pose import mean_pose_metrics
from mmradar.cli import output_to, progress_bar, run, write_metrics
from mmradar.cli.progress_hook import ProgressHook
from mmradar.evaluation.limb_motion import LIMBS
from mmradar.simulation import PLANS, SPLITS, CompactForm, write_hupr_dataset

CONFIG = Path(__file__).resolve().parents[1] / 'configs' / 'millimamba_small_simhupr.py'
PRESET = 'simhupr-v2-mini'
PUBLISHED = 'millimamba-small'


def configuration(data: Path, options: dict[str, Any] | None = None) -> Config:
    """Read the demo's configuration for the simulated data set, with options by dotted key."""
    config = load_config(str(CONFIG), options)
    for note in set_data_root(config, str(data)):
        print(f'Note: {note}', file=sys.stderr)
    return config


def progress() -> ProgressHook:
    """Make a hook that shows a progress bar over batches."""
    return ProgressHook(progress_bar('batches'))


def contact_sheet(pictures: list[Path], path: Path) -> None:
    """Write all pictures into one, stacked vertically."""
    imsave(path, np.concatenate([imread(picture)[..., :3] for picture in pictures]))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--data', type=Path, default=Path('data/simhupr'), help='folder of the simulated data set')
    parser.add_argument('--out', type=Path, default=Path('demo_output'), help='folder for everything else')
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1, help='number of processes that simulate')
    parser.add_argument(
        '--epochs', type=int, default=None, help='epochs to train; those of the configuration if not given'
    )
    parser.add_argument(
        '--sequences',
        type=int,
        nargs=4,
        metavar=('TRAIN', 'VAL', 'TEST', 'UNSEEN'),
        help='sequences to simulate in each split',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    plan, form = PLANS[PRESET], CompactForm()
    if args.sequences:
        plan = plan.changed(**dict(zip(SPLITS, args.sequences)))
    epochs = args.epochs or load_config(str(CONFIG)).train_cfg.max_epochs

    hours = plan.num_sequences * plan.num_frames / plan.radar_config.frame_rate_hz / 3600
    print(f"1/5  Simulating {hours:.1f} hours of two radars, {plan.total_bytes(form) / 1e9:.1f} GB, in HuPR's layout")
    write_hupr_dataset(args.data, plan, workers=args.workers, on_progress=progress_bar('sequences'), form=form)

    options = {'default_hooks.logger.interval': 1}
    shipped, sequence = published_models()[PUBLISHED], args.data / f'single_{plan.splits["test"][0]}'
    print(f'2/5  Predicting with the weights that come with the package, {PUBLISHED}')
    for _ in RadarPoseInferencer(PUBLISHED)(sequence, out_dir=args.out / PUBLISHED):
        pass
    metrics = {}
    with output_to(args.out / f'{PUBLISHED}.log'):
        metrics['shipped'] = test(
            configuration(args.data, options), shipped.checkpoint, work_dir=args.out / PUBLISHED, hooks=[progress()]
        )

    print(f'3/5  Training {CONFIG.name} for {epochs} epochs')
    train_start = time.perf_counter()
    work_dir = args.out / 'training'
    show = ProgressHook(progress_bar('steps'))
    training = {'default_hooks.logger.interval': 10, 'max_epochs': epochs}
    with output_to(args.out / 'train.log'):
        train(configuration(args.data, training), work_dir=work_dir, hooks=[show])
    train_minutes = (time.perf_counter() - train_start) / 60

    checkpoint = work_dir / f'epoch_{epochs}.pth'
    pictures = (args.out / 'pictures').resolve()
    # about a dozen pictures; the factor 0.81 avoids drawing the same frame of every sequence
    interval = max(1, int(0.81 * plan.test * plan.num_frames / 12))
    print('4/5  Evaluating on unseen subjects, and on unseen motions')
    draw = dict(out_dir=str(pictures), interval=interval, wait_time=1)
    with output_to(args.out / 'test.log'):
        config = configuration(args.data, options)
        metrics['network'] = test(config, checkpoint, work_dir=work_dir, draw=draw, hooks=[progress()])
    unseen = {'test_dataloader.dataset.ann_file': 'hrnet_annot_unseen.json', 'test_dataloader.dataset.split': 'unseen'}
    with output_to(args.out / 'unseen.log'):
        config = configuration(args.data, options | unseen)
        metrics['unseen'] = test(config, checkpoint, work_dir=work_dir, hooks=[progress()])
    print('5/5  Evaluating the baselines')
    with output_to(args.out / 'shuffled.log'):
        config = configuration(args.data, options | {'test_dataloader.dataset.shuffle_radar': 0})
        metrics['shuffled'] = test(config, checkpoint, work_dir=work_dir, hooks=[progress()])
    with output_to(args.out / 'mean_pose.log'):
        metrics['mean_pose'] = mean_pose_metrics(configuration(args.data))
        metrics['oracle'] = mean_pose_metrics(configuration(args.data), placed=True)
    for name, values in metrics.items():
        write_metrics(args.out / f'{name}.json', values)
    contact_sheet(sorted(pictures.glob('test_*.png'))[:12], args.out / 'overview.png')
    report(args, metrics, (time.perf_counter() - start) / 60, train_minutes, checkpoint)


def report(
    args: argparse.Namespace, metrics: dict[str, dict], minutes: float, train_minutes: float, checkpoint: Path
) -> None:
    rows = (
        ('simhupr-v2-mini, test: unseen subjects', 'network'),
        ('unseen subjects and unseen motions', 'unseen'),
        ('radar shuffled', 'shuffled'),
        ('the mean training pose', 'mean_pose'),
        ('the oracle: mean pose at true place and size', 'oracle'),
        ('the weights that come with the package', 'shipped'),
    )
    columns = [('AP', 'AP'), ('AP50', 'AP50'), ('AP75', 'AP75'), ('elbows', 'AP_elbow'), ('wrists', 'AP_wrist')]
    lines = [f'{"":<45}' + ''.join(f'{title:>7}' for title, _ in columns) + f'{"error":>10}{"motion explained":>23}']
    for title, name in rows:
        values = {key.removeprefix('coco/'): value for key, value in metrics[name].items()}
        cells = ''.join(f'{values[key]:7.1f}' for _, key in columns) + f'{values["MPJPE_px"]:7.1f} px'
        limbs = ' '.join(f'{values[f"motion_explained_{limb}"]:5.2f}' for limb in LIMBS)
        lines.append(f'{title:<45}{cells} {limbs}')
    python = Path(sys.executable)
    python = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    print(f"""
{'=' * 116}
Simulated subjects that the network has never seen:

{chr(10).join(lines)}

Motion explained: knees, ankles, elbows, wrists. 1 is all of the motion, 0 none (as the mean pose in true size).

Took {minutes:.1f} minutes, {train_minutes:.1f} of them training (with its validation).

  pictures     {args.out / 'overview.png'}, and single ones in {args.out / 'pictures'}/
  video        {args.out / PUBLISHED / 'visualizations'}/, predicted with the weights that come with the package
  checkpoint   {checkpoint}
  logs         {args.out / 'train.log'}, {args.out / 'training'}/
  radar data   {args.data}/single_<N>/{{hori,vert}}/adc_data.profiles.npy

Next:
  look at the input      {python} tools/misc/browse_dataset.py configs/{CONFIG.name} --data-root {args.data}
  train longer           {python} tools/demo.py --epochs 30
  count the main model   {python} tools/analysis_tools/get_flops.py configs/millimamba_hupr.py
  your own HuPR files    {python} tools/train.py configs/millimamba_hupr.py --data-root FOLDER
{'=' * 116}""")


if __name__ == '__main__':
    run(main)
