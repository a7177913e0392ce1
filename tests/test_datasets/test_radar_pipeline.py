"""Two stages of one flat pipeline."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from mmcv.transforms import BaseTransform

from conftest import SMALL_PLAN
from mmradar.datasets import RadarPipeline
from mmradar.radar import open_recording
from mmradar.registry import DATASETS, TRANSFORMS

RADAR = SMALL_PLAN.radar_config


@TRANSFORMS.register_module(force=True)
class NoteShapes(BaseTransform):
    """Keeps what it was given."""

    def transform(self, results):
        results['seen'] = {key: getattr(value, 'shape', None) for key, value in results.items()}
        return results


def test_what_follows_the_leading_per_frame_transforms_sees_the_window(simulated_root):
    recordings = {
        view: open_recording(simulated_root / f'single_1/{view}/adc_data.bin', RADAR) for view in ('hori', 'vert')
    }
    settings = [
        dict(type='RangeDopplerMap', range_bins=(10, 42)),
        dict(type='Heatmap3D'),
        dict(type='NoteShapes'),
        dict(type='HeatmapToChannels'),  # per frame, but of the window now
    ]
    pipeline = RadarPipeline(settings, cached_frames=4)
    assert pipeline.num_per_frame == 2
    results = pipeline(dict(recordings=recordings, frame_indices=np.array([0, 1, 1]), sequence=1))
    assert results['seen']['heatmap'] == (3, 2, 64, 8, 32) and 'sequence' in results['seen']
    assert results['heatmap'].shape == (3, 2, 2, 64, 8, 32)
    np.testing.assert_array_equal(results['heatmap'][1], results['heatmap'][2])


def test_a_pipeline_without_frames_is_mmcvs(simulated_root):
    pipeline = RadarPipeline([dict(type='NoteShapes')])
    assert pipeline.num_per_frame == 0 and pipeline(dict(a=1))['seen'] == dict(a=None)


def test_a_file_that_was_changed_or_is_opened_as_another_radars_is_another_recording(simulated_root, tmp_path):
    path = tmp_path / 'adc_data.bin'
    cached, plain = (RadarPipeline([dict(type='RangeDopplerMap')], cached_frames=frames) for frames in (8, 0))

    def check(radar=RADAR):
        sample = dict(recordings=dict(hori=open_recording(path, radar)), frame_indices=np.arange(3))
        spectrum = cached(sample)['spectrum']
        np.testing.assert_array_equal(spectrum, plain(sample)['spectrum'])
        return spectrum

    path.write_bytes((simulated_root / 'single_1/hori/adc_data.bin').read_bytes())
    before = check()
    assert np.abs(check(replace(RADAR, iq_order='QQII')) - before).max() > 0
    path.write_bytes((simulated_root / 'single_2/hori/adc_data.bin').read_bytes())
    assert np.abs(check() - before).max() > 0


@pytest.mark.parametrize('cached_frames', [1, 64])
def test_windows_of_the_data_set_are_the_same_with_and_without_a_memory_cache(tiny_config, cached_frames):
    options = tiny_config.test_dataloader.dataset
    with_, without = (DATASETS.build({**options, 'cached_frames': frames}) for frames in (cached_frames, 0))
    assert len(with_) == len(without) > 5
    for index in range(len(with_)):
        torch.testing.assert_close(with_[index]['inputs'], without[index]['inputs'], rtol=0, atol=1e-5)


def test_a_data_set_on_disk_gives_the_windows_that_it_gives_without(tiny_config, tmp_path):
    options = tiny_config.test_dataloader.dataset
    plain = DATASETS.build(options)
    cached = DATASETS.build({**options, 'cache_dir': str(tmp_path), 'cache_dtype': 'float32'})
    for index in range(len(plain)):
        torch.testing.assert_close(cached[index]['inputs'], plain[index]['inputs'], rtol=1e-3, atol=1e-3)
    assert len(list(tmp_path.glob('*.npy'))) == 4
