import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from mmengine.dataset import Compose

from conftest import SMALL_PLAN, SMALL_RADAR
from mmradar.datasets.heatmap_cache import HeatmapCache
from mmradar.datasets.transforms import LoadRadarHeatmap

RADAR = SMALL_PLAN.radar_config
STEPS = [
    dict(type='LoadRadarCube'),
    dict(type='RemoveStaticClutter'),
    dict(type='SubsampleChirps', num_chirps=8),
    dict(type='RadarHeatmap3D', range_bins=(10, 40)),
]


def results(root, cache_dir, frames=(0, 1, 1), sequence=1):
    paths = {view: str(root / f'single_{sequence}/{view}/adc_data.bin') for view in ('hori', 'vert')}
    return dict(adc_paths=paths, frame_indices=np.array(frames), radar=RADAR, cache_dir=cache_dir)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize('dtype, tolerance', [('float16', 1e-3), ('float32', 1e-6)])
def test_cached_equals_fresh(simulated_root, tmp_path, dtype, tolerance):
    load = LoadRadarHeatmap(STEPS, cache_dtype=dtype)
    fresh = load(results(simulated_root, None))['heatmap']
    for _ in range(2):  # filled, then read
        cached = load(results(simulated_root, tmp_path / 'cache'))['heatmap']
        assert cached.shape == (3, 2, 64, 8, 30) and cached.dtype == np.complex64
        assert np.abs(cached - fresh).max() < tolerance * np.abs(fresh).max()
    assert len(files(tmp_path / 'cache')) == 2  # one file a sequence and view


def test_the_second_reader_computes_nothing(simulated_root, tmp_path, monkeypatch):
    LoadRadarHeatmap(STEPS)(results(simulated_root, tmp_path))

    def refuse(*args):
        raise AssertionError('the heatmap was computed again')

    monkeypatch.setattr(Compose, '__call__', refuse)
    LoadRadarHeatmap(STEPS)(results(simulated_root, tmp_path, frames=(3, 4)))


def test_other_settings_or_another_file_never_find_an_old_one(simulated_root, tmp_path):
    import shutil

    root = shutil.copytree(simulated_root, tmp_path / 'set')
    cache = tmp_path / 'cache'
    LoadRadarHeatmap(STEPS)(results(root, cache))
    other = [*STEPS[:-1], dict(type='RadarHeatmap3D', range_bins=(10, 40), antenna_order='file')]
    changed = LoadRadarHeatmap(other)(results(root, cache))['heatmap']
    assert len(files(cache)) == 4
    assert (
        np.abs(changed - LoadRadarHeatmap(other)(results(root, None))['heatmap']).max() < 1e-3 * np.abs(changed).max()
    )
    LoadRadarHeatmap(STEPS, cache_dtype='float32')(results(root, cache))
    assert len(files(cache)) == 6
    # the raw file is replaced by another recording of the same size
    for view in ('hori', 'vert'):
        shutil.copyfile(root / f'single_2/{view}/adc_data.bin', root / f'single_1/{view}/adc_data.bin')
    again = LoadRadarHeatmap(STEPS)(results(root, cache))['heatmap']
    expected = LoadRadarHeatmap(STEPS)(results(root, None, sequence=2))['heatmap']
    assert np.abs(again - expected).max() < 1e-3 * np.abs(expected).max()


def test_a_failing_fill_leaves_nothing(simulated_root, tmp_path):
    cache = HeatmapCache(tmp_path, STEPS)

    def fail(block):
        raise OSError('disk gone')

    path = simulated_root / 'single_1/hori/adc_data.bin'
    with pytest.raises(OSError, match='disk gone'):
        cache.frames(path, [0], RADAR, lambda: 5, fail)
    assert files(tmp_path) == []


def test_a_killed_fill_is_never_taken_for_whole(simulated_root, tmp_path):
    """A process is killed after the first of several blocks; the next one fills anew and reads right values."""
    path = simulated_root / 'single_1/hori/adc_data.bin'
    script = f"""
import time, numpy as np
from mmradar.datasets.heatmap_cache import HeatmapCache
from mmradar.radar import RadarConfig
def compute(block):
    if block[0] > 0:
        print("first block written", flush=True)
        time.sleep(60)
    return np.full((len(block), 2, 3), 1 + 1j, np.complex64)
radar = RadarConfig.build({SMALL_RADAR!r})
HeatmapCache({str(tmp_path)!r}, "settings").frames({str(path)!r}, [0], radar, lambda: 100, compute)
"""
    process = subprocess.Popen([sys.executable, '-c', script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == 'first block written'
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.1)
    left = files(tmp_path)
    assert left and all(name.endswith('.unfinished') for name in left)
    cache = HeatmapCache(tmp_path, 'settings')
    heatmaps = cache.frames(
        path, [99], RADAR, lambda: 100, lambda block: np.full((len(block), 2, 3), 2 - 1j, np.complex64)
    )
    np.testing.assert_allclose(heatmaps, 2 - 1j, rtol=1e-3)
