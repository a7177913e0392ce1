"""Where a script cannot write what it was asked for, it says so before any work; a folder that is missing is made."""

import json
import runpy
import sys

import numpy as np
import pytest

from conftest import REPOSITORY
from mmradar.radar import RadarConfig, encode_groups

CONFIG = RadarConfig(num_loops=4, num_samples=64)
MODEL = REPOSITORY / 'configs' / 'millimamba_tiny_simhupr.py'
# Scripts that write a file, with inputs that are not there: nothing of these is looked at before the output is.
WRITERS = {
    'inspect_adc.py': ['nothing.bin', '--out', 'OUT.png'],
    'reorder_packets.py': ['nothing.bin', 'OUT.bin'],
    'calibrate.py': ['nothing.bin', '--position', '0', '2', '0', '--out', 'OUT.json'],
    'test.py': [str(MODEL), 'nothing.pth', '--out', 'OUT.json'],
    'test.py --dump': [str(MODEL), 'nothing.pth', '--dump', 'OUT.pkl'],
    'analysis_tools/mean_pose_baseline.py': [str(MODEL), '--data-root', 'nothing', '--out', 'OUT.json'],
    'misc/draw_simulation.py': ['OUT.png'],
    'misc/browse_dataset.py': [str(MODEL), '--data-root', 'nothing', '--output-dir', 'OUT'],
    'misc/average_weights.py': ['nothing.pth', 'nothing.pth', 'OUT.pth'],
    'simulate.py': ['OUT'],
    'demo.py': ['--out', 'OUT'],
}


def run(monkeypatch, script, *arguments):
    """A script as ``python tools/...`` runs it, in this process: its exit status."""
    path = REPOSITORY / 'tools' / script.split()[0]
    monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
    try:
        runpy.run_path(str(path), run_name='__main__')
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize('script', WRITERS)
def test_a_file_in_place_of_the_folder(script, monkeypatch, tmp_path, capsys):
    (tmp_path / 'taken').write_text('')
    arguments = [word.replace('OUT', str(tmp_path / 'taken' / 'out')) for word in WRITERS[script]]
    assert run(monkeypatch, script, *arguments) == 2
    assert str(tmp_path / 'taken') in capsys.readouterr().err


def test_missing_folders_are_made(monkeypatch, tmp_path, capsys):
    rng = np.random.default_rng(0)
    beat = np.exp(2j * np.pi * 20 * np.arange(64) / 64)  # a reflector in range bin 20
    noise = rng.normal(size=(2, 3, *CONFIG.frame_shape))
    raw = tmp_path / 'adc_data.bin'
    raw.write_bytes(encode_groups(500 * beat + noise[0] + 1j * noise[1], CONFIG).tobytes())
    (tmp_path / 'radar.json').write_text(json.dumps(dict(num_loops=4, num_samples=64)))
    radar = ('--config', tmp_path / 'radar.json')
    range_m = str(20 * CONFIG.range_resolution_m)
    deep = tmp_path / 'a' / 'b'
    assert run(monkeypatch, 'inspect_adc.py', raw, *radar, '--out', deep / 'c' / 'seen.png') == 0
    assert (deep / 'c' / 'seen.png').is_file()
    reflector = ('--position', '0', range_m, '0')
    assert run(monkeypatch, 'calibrate.py', raw, *radar, *reflector, '--out', deep / 'd' / 'board.json') == 0
    assert len(json.loads((deep / 'd' / 'board.json').read_text())['gain_db']) == 12
