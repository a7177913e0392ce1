"""Frames kept on disk."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from conftest import SMALL_PLAN, SMALL_RADAR
from mmradar.datasets import RadarPipeline
from mmradar.datasets.cache import DiskCache
from mmradar.datasets.transforms import RangeDopplerMap
from mmradar.errors import ConfigError, DataError
from mmradar.radar import open_recording

RADAR = SMALL_PLAN.radar_config
PIPELINE = [
    dict(type='RangeDopplerMap', range_bins=(10, 40)),
    dict(type='Heatmap3D'),
    dict(type='HeatmapToChannels', mode='magnitude'),
]


def recordings(root, sequence=1):
    paths = {view: root / f'single_{sequence}/{view}/adc_data.bin' for view in ('hori', 'vert')}
    return {view: open_recording(path, RADAR) for view, path in paths.items()}


def heatmap(root, cache_dir=None, settings=PIPELINE, frames=(0, 1, 1), sequence=1, dtype='float16'):
    found = recordings(root, sequence)
    pipeline = RadarPipeline(settings)
    if cache_dir is not None:
        pipeline.keep_on_disk(cache_dir, 'hori', found['hori'], dtype)
    return pipeline(dict(recordings=found, frame_indices=np.array(frames)))['heatmap']


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize('dtype, tolerance', [('float16', 2e-3), ('float32', 1e-6)])
def test_cached_equals_fresh(simulated_root, tmp_path, dtype, tolerance):
    settings = PIPELINE[:2]
    fresh = heatmap(simulated_root, settings=settings)
    for _ in range(2):  # filled, then read
        cached = heatmap(simulated_root, tmp_path / 'cache', settings, dtype=dtype)
        assert cached.shape == (3, 2, 64, 8, 30) and cached.dtype == np.complex64
        assert np.abs(cached - fresh).max() < tolerance * np.abs(fresh).max()
    assert len(files(tmp_path / 'cache')) == 2  # one file a sequence and view


def test_what_is_kept_is_the_smallest_form_of_a_frame(simulated_root, tmp_path):
    """Before the angle transform, 12 antennas in place of 64 angles: two halves a cell, and a scale."""
    heatmap(simulated_root, tmp_path)
    for path in tmp_path.iterdir():
        assert path.stat().st_size - 128 == pytest.approx(5 * (2 * 2 * 12 * 8 * 30 + 4), abs=128)
    rows = [dict(type='LoadRadarCube'), dict(type='RadarPointCloud', num_points=4, train=(4, 1), guard=(1, 1))]
    points = RadarPipeline(rows)
    found = recordings(simulated_root)
    fresh = points(dict(recordings=found, frame_indices=np.arange(3)))
    points.keep_on_disk(tmp_path / 'points', 'hori', found['hori'], 'float32')
    kept = points(dict(recordings=found, frame_indices=np.arange(3)))
    np.testing.assert_allclose(kept['points'], fresh['points'], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(kept['num_points'], fresh['num_points'])  # whole numbers as they are


def test_the_second_reader_computes_nothing_of_it(simulated_root, tmp_path):
    heatmap(simulated_root, tmp_path)
    found = recordings(simulated_root)

    def refuse(*args):
        raise AssertionError('the frames were made again')

    pipeline = RadarPipeline(PIPELINE)
    pipeline.keep_on_disk(tmp_path, 'hori', found['hori'])
    pipeline.disk_cache.source = refuse
    pipeline(dict(recordings=found, frame_indices=np.array([3, 4])))


def test_other_settings_or_another_file_never_find_an_old_one(simulated_root, tmp_path):
    root, cache = shutil.copytree(simulated_root, tmp_path / 'set'), tmp_path / 'cache'
    heatmap(root, cache)
    other_angles = [PIPELINE[0], dict(type='Heatmap3D', antenna_order='file'), PIPELINE[2]]
    heatmap(root, cache, other_angles)
    assert len(files(cache)) == 2  # what is kept does not depend on them
    other = [dict(type='RangeDopplerMap', range_bins=(10, 40), static_clutter=True), *PIPELINE[1:]]
    changed = heatmap(root, cache, other)
    assert len(files(cache)) == 4
    assert np.abs(changed - heatmap(root, settings=other)).max() < 1e-3 * np.abs(changed).max()
    heatmap(root, cache, dtype='float32')
    assert len(files(cache)) == 6
    # the raw file is replaced by another recording of the same size
    for view in ('hori', 'vert'):
        shutil.copyfile(root / f'single_2/{view}/adc_data.bin', root / f'single_1/{view}/adc_data.bin')
    again, expected = heatmap(root, cache), heatmap(root, sequence=2)
    assert np.abs(again - expected).max() < 1e-3 * np.abs(expected).max()


def test_another_calibration_in_the_same_file_is_another_setting(simulated_root, tmp_path):
    from mmradar.radar import Calibration

    files_of = {view: str(tmp_path / f'{view}.json') for view in ('hori', 'vert')}
    settings = [dict(type='RangeDopplerMap', calibrations=files_of), *PIPELINE[1:]]
    found = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        for path in files_of.values():
            Calibration(rng.normal(size=12).tolist(), rng.normal(size=12).tolist(), 0.01).save(path)
        found.append(heatmap(simulated_root, tmp_path / 'cache', settings))
    assert len(files(tmp_path / 'cache')) == 4 and np.abs(found[0] - found[1]).max() > 0.1


def test_recordings_in_memory_are_not_kept(simulated_root, tmp_path):
    from mmradar.radar import RawRecording

    found = recordings(simulated_root)
    pipeline = RadarPipeline(PIPELINE)
    pipeline.keep_on_disk(tmp_path / 'cache', 'hori', found['hori'])
    in_memory = {view: RawRecording(each.words(), each.path, RADAR) for view, each in found.items()}
    frames = np.arange(2)
    result = pipeline(dict(recordings=in_memory, frame_indices=frames))['heatmap']
    np.testing.assert_array_equal(result, heatmap(simulated_root, frames=frames))
    assert not (tmp_path / 'cache').exists()


def test_what_cannot_be_kept_is_refused(simulated_root, tmp_path):
    hori = recordings(simulated_root)['hori']
    with pytest.raises(ConfigError, match="kept in 'float16' or 'float32', not 'int8'"):
        DiskCache(lambda *_: {}, tmp_path, 'settings', 'int8')
    with pytest.raises(ConfigError, match='begins with no per-frame transform'):
        RadarPipeline([dict(type='PackRadarInputs')]).keep_on_disk(tmp_path, 'hori', hori)
    given = RadarPipeline(RadarPipeline(PIPELINE).transforms)
    with pytest.raises(ConfigError, match='RangeDopplerMap is given as an object'):
        given.keep_on_disk(tmp_path, 'hori', hori)


@pytest.mark.no_shape_checks
def test_settings_may_hold_classes_and_paths(simulated_root, tmp_path):
    expected = heatmap(simulated_root, tmp_path / 'names')
    settings = [dict(PIPELINE[0], type=RangeDopplerMap), *PIPELINE[1:]]
    np.testing.assert_array_equal(heatmap(simulated_root, tmp_path / 'classes', settings), expected)
    for bins in ((10, 40), (11, 41)):
        settings = [dict(PIPELINE[0], type=RangeDopplerMap, range_bins=np.array(bins)), *PIPELINE[1:]]
        with pytest.raises(ConfigError, match=r'those of RangeDopplerMap are not: found array\('):
            heatmap(simulated_root, tmp_path / 'arrays', settings)


@pytest.mark.parametrize('size', [0, 1000])
def test_a_damaged_file_is_named(simulated_root, tmp_path, size):
    heatmap(simulated_root, tmp_path)
    damaged = next(tmp_path.glob('*_hori_*.npy'))
    damaged.write_bytes(damaged.read_bytes()[:size])
    with pytest.raises(DataError, match=f'{damaged.name}.* is damaged; delete it'):
        heatmap(simulated_root, tmp_path)
    damaged.unlink()
    heatmap(simulated_root, tmp_path)


def test_a_failing_fill_leaves_nothing(simulated_root, tmp_path):
    def fail(*args):
        raise OSError('disk gone')

    with pytest.raises(OSError, match='disk gone'):
        DiskCache(fail, tmp_path, 'settings')('hori', recordings(simulated_root)['hori'], np.array([0]))
    assert files(tmp_path) == []


def test_another_process_maps_the_files_itself(simulated_root, tmp_path):
    hori = recordings(simulated_root)['hori']
    pipeline = RadarPipeline(PIPELINE)
    pipeline.keep_on_disk(tmp_path, 'hori', hori)
    expected = pipeline.disk_cache('hori', hori, np.arange(2))['spectrum']
    pickled = pickle.dumps((pipeline.disk_cache, hori))
    assert len(pickled) < 4000
    cache, again = pickle.loads(pickled)
    np.testing.assert_array_equal(cache('hori', again, np.arange(2))['spectrum'], expected)


def test_a_killed_fill_is_never_taken_for_whole(simulated_root, tmp_path):
    """A process is killed after the first of several blocks; the next one fills anew and reads right values."""
    path = simulated_root / 'single_1/hori/adc_data.bin'
    long = tmp_path / 'single_9/hori/adc_data.bin'
    long.parent.mkdir(parents=True)
    long.write_bytes(path.read_bytes() * 10)
    script = f"""
import time, numpy as np
from mmradar.datasets.cache import DiskCache
from mmradar.radar import RadarConfig, open_recording
def source(view, recording, frames):
    if frames[0] > 0:
        print("first block written", flush=True)
        time.sleep(60)
    return dict(spectrum=np.full((len(frames), 2, 3), 1 + 1j, np.complex64))
recording = open_recording({str(long)!r}, RadarConfig.build({SMALL_RADAR!r}))
DiskCache(source, {str(tmp_path / 'cache')!r}, "settings")("hori", recording, np.array([0]))
"""
    process = subprocess.Popen([sys.executable, '-c', script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == 'first block written'
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.1)
    left = files(tmp_path / 'cache')
    assert left and all(name.endswith('.unfinished') for name in left)
    cache = DiskCache(
        lambda view, recording, frames: dict(spectrum=np.full((len(frames), 2, 3), 2 - 1j, np.complex64)),
        tmp_path / 'cache',
        'settings',
    )
    found = cache('hori', open_recording(long, RADAR), np.array([49]))
    np.testing.assert_allclose(found['spectrum'], 2 - 1j, rtol=1e-3)
