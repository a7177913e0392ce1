"""Simulate, train, evaluate and draw: the whole of mmradar in one run on a CPU."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from matplotlib.image import imread, imsave

from mmradar.cli import progress_bar, run
from mmradar.errors import ConfigError
from mmradar.simulation import PLANS, write_hupr_dataset

TOOLS = Path(__file__).parent
CONFIG = TOOLS.parent / 'configs' / 'millimamba_tiny_simhupr.py'
_STEP = re.compile(r'Epoch\((train|test)\)\s+(?:\[(\d+)\])?\[\s*(\d+)/(\d+)\]')


def tool(name: str, *arguments: str | Path, log: Path, unit: str, epochs: int = 1) -> None:
    """Run a script of ``tools/``, its output in a log file, its steps as a progress bar.

    Raises:
        ConfigError: The script failed; the log says why.
    """
    show, kind = progress_bar(unit), Path(name).stem
    command = [sys.executable, str(TOOLS / name), *map(str, arguments)]
    with open(log, 'w') as file:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in process.stdout:
            file.write(line)
            file.flush()
            if (step := _STEP.search(line)) and step[1] == kind:
                done, total = int(step[3]), int(step[4])
                show((int(step[2] or 1) - 1) * total + done, epochs * total)
    if process.wait():
        raise ConfigError(f'tools/{name} failed; its output is in {log}, and ends with\n{log.read_text()[-600:]}')


def contact_sheet(pictures: list[Path], path: Path) -> None:
    """All pictures below each other in one."""
    imsave(path, np.concatenate([imread(picture)[..., :3] for picture in pictures]))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--data', type=Path, default=Path('data/simhupr'), help='folder of the simulated set')
    parser.add_argument('--out', type=Path, default=Path('demo_output'), help='folder for everything else')
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1, help='processes that simulate')
    parser.add_argument(
        '--epochs', type=int, default=None, help='epochs to train, if not as many as the configuration says'
    )
    parser.add_argument(
        '--sequences', type=int, nargs=3, metavar=('TRAIN', 'VAL', 'TEST'), help='sequences to simulate'
    )
    return parser.parse_args()


def main() -> None:
    from mmengine.config import Config

    args = parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    plan = PLANS['simhupr-v1-mini']
    if args.sequences:
        plan = plan.changed(**dict(zip(('train', 'val', 'test'), args.sequences)))
    epochs = args.epochs or Config.fromfile(CONFIG).train_cfg.max_epochs

    counts = f'{plan.train} + {plan.val} + {plan.test} sequences, {plan.total_bytes() / 1e9:.1f} GB'
    print(f"1/4  Simulating two radars: {counts} in HuPR's layout")
    write_hupr_dataset(args.data, plan, workers=args.workers, on_progress=progress_bar('sequences'))

    print(f'2/4  Training {CONFIG.name} for {epochs} epochs')
    train_start = time.perf_counter()
    work_dir = args.out / 'training'
    common = (CONFIG, '--data-root', args.data, '--work-dir', work_dir)
    tool(
        'train.py',
        *common,
        '--cfg-options',
        'default_hooks.logger.interval=10',
        f'train_cfg.max_epochs={epochs}',
        f'param_scheduler.0.total_steps={epochs}',
        log=args.out / 'train.log',
        unit='steps',
        epochs=epochs,
    )
    train_minutes = (time.perf_counter() - train_start) / 60

    checkpoint = work_dir / f'epoch_{epochs}.pth'
    pictures = (args.out / 'pictures').resolve()
    # a dozen pictures, not all of the same frame of a sequence
    interval = max(1, plan.test * plan.num_frames // 12 - 1)
    print('3/4  Evaluating on subjects that were never trained on')
    tool(
        'test.py',
        *common[:1],
        checkpoint,
        *common[1:],
        '--out',
        args.out / 'network.json',
        '--show-dir',
        pictures,
        '--interval',
        str(interval),
        '--cfg-options',
        'default_hooks.logger.interval=1',
        log=args.out / 'test.log',
        unit='batches',
    )
    print('4/4  Evaluating the baselines')
    tool(
        'test.py',
        *common[:1],
        checkpoint,
        *common[1:],
        '--out',
        args.out / 'shuffled.json',
        '--cfg-options',
        'test_dataloader.dataset.shuffle_radar=0',
        'default_hooks.logger.interval=1',
        log=args.out / 'shuffled.log',
        unit='batches',
    )
    tool(
        'analysis_tools/mean_pose_baseline.py',
        CONFIG,
        '--data-root',
        args.data,
        '--out',
        args.out / 'mean_pose.json',
        log=args.out / 'mean_pose.log',
        unit='',
    )
    contact_sheet(sorted(pictures.glob('test_*.png'))[:12], args.out / 'overview.png')
    report(args, (time.perf_counter() - start) / 60, train_minutes, checkpoint)


def report(args: argparse.Namespace, minutes: float, train_minutes: float, checkpoint: Path) -> None:
    rows = (
        ('milliMamba, tiny', 'network'),
        ('the same network, radar shuffled between frames', 'shuffled'),
        ('the mean training pose', 'mean_pose'),
    )
    lines = [f'{"":<50}{"AP":>7}{"AP50":>7}{"AP75":>7}{"error":>10}']
    for title, name in rows:
        metrics = json.loads((args.out / f'{name}.json').read_text())
        values = (metrics[f'coco/{key}'] for key in ('AP', 'AP50', 'AP75'))
        lines.append(
            f'{title:<50}' + ''.join(f'{value:7.1f}' for value in values) + f'{metrics["coco/MPJPE_px"]:7.1f} px'
        )
    python = Path(sys.executable)
    python = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    print(f"""
{'=' * 84}
Simulated subjects that the network has never seen:

{chr(10).join(lines)}

Took {minutes:.1f} minutes, {train_minutes:.1f} of them training (with its validation).

  pictures     {args.out / 'overview.png'}, and one by one in {args.out / 'pictures'}/
  checkpoint   {checkpoint}
  logs         {args.out / 'train.log'}, {args.out / 'training'}/
  raw data     {args.data}/single_<N>/{{hori,vert}}/adc_data.bin

Next:
  look at the input      {python} tools/misc/browse_dataset.py configs/{CONFIG.name} --data-root {args.data}
  train longer           {python} tools/demo.py --epochs 10
  count the main model   {python} tools/analysis_tools/get_flops.py configs/millimamba_hupr.py
  your own HuPR files    {python} tools/train.py configs/millimamba_hupr.py --data-root FOLDER
{'=' * 84}""")


if __name__ == '__main__':
    run(main)
