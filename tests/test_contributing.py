"""The examples of docs/contributing, run as they stand."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import REPOSITORY, SMALL_RADAR
from mmradar.radar import RadarConfig, open_recording

FOLDER = REPOSITORY / 'docs' / 'contributing'


@pytest.fixture
def clone(tmp_path):
    """A folder with the configurations of the repository, and a function that writes a page's files into it."""
    shutil.copytree(REPOSITORY / 'configs', tmp_path / 'configs')

    def write(page):
        blocks = re.findall(r'```python title="([^"]+)"\n(.*?)```', (FOLDER / page).read_text(), re.DOTALL)
        assert blocks, f'{page} has no files'
        for name, text in blocks:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


def environment(home):
    """That of a user who has the compiled kernels already; to compile them takes half a minute."""
    return dict(
        PYTHONPATH=str(REPOSITORY),
        PATH='/usr/bin:/bin',
        HOME=str(home),
        XDG_CACHE_HOME=os.environ.get('XDG_CACHE_HOME', str(Path.home() / '.cache')),
        OMP_NUM_THREADS='1',
    )


def train(folder, config, *options):
    """One short epoch by the command that the page names."""
    radar = [f'radar.{key}={value}' for key, value in SMALL_RADAR.items()]
    small = ['num_frames=2', 'batch_size=2', 'num_workers=0', 'max_epochs=1', 'warmup_steps=1']
    command = ['tools/train.py', str(folder / 'configs' / config), '--work-dir', str(folder / 'work')]
    done = subprocess.run(
        [sys.executable, *command, '--cfg-options', 'train_cfg.val_interval=1', *radar, *small, *options],
        cwd=REPOSITORY,
        env=environment(folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert 'coco/AP:' in done.stdout + done.stderr


def test_a_transform(clone, simulated_root):
    folder = clone('transform.md')
    train(folder, 'limited_range_simhupr.py', f'data_root={simulated_root}')
    done = subprocess.run(
        [sys.executable, '-m', 'pytest', '-q', 'tests'],
        cwd=folder,
        env={'PYTHONPATH': str(REPOSITORY), 'PATH': ''},
        capture_output=True,
        text=True,
    )
    assert '1 passed' in done.stdout, done.stdout


def test_a_head(clone, simulated_root):
    folder = clone('head.md')
    train(folder, 'linear_head_simhupr.py', f'data_root={simulated_root}')

    def infer(*model):
        return subprocess.run(
            [sys.executable, '-m', 'mmradar', 'infer', str(simulated_root / 'single_7'), '--model', *map(str, model)],
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
        )

    checkpoint = folder / 'work' / 'epoch_1.pth'
    done = infer(checkpoint)
    assert done.returncode == 2 and 'imports my_radar.frame_linear_head, and a checkpoint does not' in done.stderr
    done = infer(folder / 'work' / 'linear_head_simhupr.py', '--weights', checkpoint)
    assert done.returncode == 0 and '5 frames: out/visualizations' in done.stdout, done.stderr[-2000:]
    assert f'hori: {simulated_root}/single_7/hori/adc_data.bin, 5 frames' in done.stdout


def test_a_data_set(clone, simulated_root):
    folder, radar = clone('data_set.md'), RadarConfig.build(SMALL_RADAR)
    for number, split in enumerate(('train', 'val', 'test'), start=1):
        sequence = folder / 'cubes' / split / 'one'
        sequence.mkdir(parents=True)
        for view in ('hori', 'vert'):
            path = simulated_root / f'single_{number}' / view / 'adc_data.bin'
            np.save(sequence / f'{view}.npy', open_recording(path, radar).cube())
        np.save(sequence / 'poses.npy', np.random.default_rng(0).uniform(60, 200, (5, 14, 2)))
    train(folder, 'cubes.py', f'data_root={folder / "cubes"}')
