"""From radar to 3D, as a user types it."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

import hummuss  # noqa: F401  (registers the lifter)
from hummuss.datasets.motion_lifting_dataset import root_relative
from mmradar.apis.configuration import load_config
from mmradar.registry import MODELS
from mmradar.simulation import SimulationPlan, write_hupr_dataset

PROJECT = Path(__file__).parents[1]
REPOSITORY = PROJECT.parents[1]
RADAR = dict(preset='iwr1843_hupr', num_loops=8, num_samples=128)


def lift(*arguments):
    command = [sys.executable, PROJECT / 'tools' / 'lift_radar.py', *arguments]
    environment = {**os.environ, 'PYTHONPATH': f'{PROJECT}{os.pathsep}{REPOSITORY}'}
    return subprocess.run(
        list(map(str, command)), cwd=REPOSITORY, capture_output=True, text=True, timeout=300, env=environment
    )


def test_chain_of_radar_network_and_lifter(tmp_path):
    plan = SimulationPlan(train=2, val=2, test=2, num_frames=5, sequences_per_subject=2, radar=RADAR)
    root = write_hupr_dataset(tmp_path / 'set', plan)
    config_file, lifter = tmp_path / 'mine.py', PROJECT / 'configs' / 'hummuss_causal_small_radar.py'
    config_file.write_text(
        f"""_base_ = {str(REPOSITORY / 'configs' / 'millimamba_tiny_simhupr.py')!r}
cache_dir = None
radar = dict({RADAR!r})
num_workers = 0
model = dict(backbone=dict(stem=dict(channels=(4, 4, 8, 16)), mixer=dict(num_layers=1)), head=dict(num_layers=1))
"""
    )
    weights = dict(radar=tmp_path / 'radar.pth', lifter=tmp_path / 'lifter.pth')
    init_default_scope('mmradar')
    for config, path in zip((config_file, lifter), weights.values()):
        torch.save(dict(state_dict=MODELS.build(load_config(str(config)).model).state_dict()), path)
    models = ['--model', config_file, '--weights', weights['radar']]
    models += ['--lift', lifter, '--lift-weights', weights['lifter']]
    done = lift(*models, '--data-root', root)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [line.strip('| ').split(' | ') for line in done.stdout.splitlines() if line.startswith('| ')][2:]
    assert [row[0] for row in rows] == [
        'the mean pose of these sequences',
        f'radar: {config_file} and {lifter}',
        f'true 2D joints and {lifter}',
    ]
    # the first row by hand: axes x right, y down, z away of joints x right, y away, z up
    joints = [np.load(root / f'single_{sequence}' / 'joints_3d_m.npy') for sequence in plan.splits['test']]
    poses = root_relative(np.stack([np.stack([x[..., 0], -x[..., 2], x[..., 1]], -1) for x in joints]).astype(float))
    error_mm = 1e3 * np.linalg.norm(poses - poses.mean(axis=(0, 1)), axis=-1).mean()
    assert abs(float(rows[0][1]) - error_mm) < 0.06


@pytest.mark.parametrize(
    ('lifter', 'message'),
    [
        (PROJECT / 'configs' / 'hummuss_causal_small_radar.py', 'has no weights'),
        ('millimamba-small', 'needs the frame rate of the training'),
    ],
)
def test_what_is_no_trained_lifter_is_refused(lifter, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['lift_radar.py', '--lift', str(lifter)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(PROJECT / 'tools' / 'lift_radar.py'), run_name='__main__')
    said = capsys.readouterr().err
    assert ended.value.code == 2 and message in said and 'Traceback' not in said
