"""The demo, with a handful of people: all of it, from simulating to the table."""

import json
import re
import runpy
import sys

import pytest

from conftest import REPOSITORY


def test_the_demo_from_beginning_to_end(tmp_path, monkeypatch, capsys):
    script = REPOSITORY / 'tools' / 'demo.py'
    data, out = tmp_path / 'data', tmp_path / 'out'
    arguments = ['--data', data, '--out', out, '--sequences', 2, 1, 1, 1, '--epochs', 1, '--workers', 1]
    monkeypatch.setattr(sys, 'argv', [str(script), *map(str, arguments)])
    runpy.run_path(str(script), run_name='__main__')
    printed = capsys.readouterr().out
    table = dict(re.findall(r'^((?:simhupr|unseen|radar|the).*?)  +(-?\d+\.\d)', printed, re.M))
    assert len(table) == 6
    metrics = {path.stem: json.loads(path.read_text()) for path in out.glob('*.json')}
    assert set(metrics) == {'network', 'unseen', 'shuffled', 'mean_pose', 'oracle', 'shipped'}
    for name, title in (
        ('network', 'simhupr-v2-mini, test: unseen subjects'),
        ('shipped', 'the weights that come with the package'),
        ('oracle', 'the oracle: mean pose at true place and size'),
    ):
        assert float(table[title]) == pytest.approx(metrics[name]['coco/AP'], abs=0.06)
    for limb in ('knee', 'ankle', 'elbow', 'wrist'):
        assert metrics['oracle'][f'coco/motion_explained_{limb}'] == pytest.approx(0, abs=1e-3)
    # all that is told of afterwards is there
    assert (out / 'overview.png').is_file() and (out / 'training' / 'epoch_1.pth').is_file()
    assert [path.suffix for path in (out / 'millimamba-small' / 'visualizations').glob('*.*')] == ['.mp4']
    assert len(list((out / 'pictures').glob('*.png'))) >= 2
    assert len(list(data.glob('single_*/*/adc_data.profiles.npy'))) == 10
