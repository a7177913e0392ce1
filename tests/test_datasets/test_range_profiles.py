"""Data sets of range profiles: the same reader, the same pipeline, the same heatmaps to half precision."""

import json
import shutil

import pytest
import torch

from conftest import SMALL_PLAN, SMALL_RADAR
from mmradar.datasets import HuPRDataset
from mmradar.errors import DataError
from mmradar.radar import open_recording, range_profiles, write_range_profiles
from mmradar.simulation import CompactForm, SimulationError, write_hupr_dataset

FORM = CompactForm()
PIPELINE = [
    dict(type='RangeDopplerMap', num_chirps=8, num_doppler=8, range_bins=FORM.range_bins),
    dict(type='Heatmap3D', num_angle=32),
    dict(type='HeatmapToChannels', mode='log_magnitude'),
    dict(type='NormalizeHeatmap', over='map'),
    dict(type='PackRadarInputs'),
]

# of rest nothing is left but rounding: clutter was removed over all loops that the small radar has
MOVING = torch.arange(8) != 4


def dataset(root, pipeline=PIPELINE, **options):
    files = dict(data_root=str(root), ann_file='hrnet_annot_train.json', split='train')
    return HuPRDataset(**files, radar=SMALL_RADAR, window=3, pipeline=pipeline, **options)


@pytest.fixture(scope='module')
def compact_root(tmp_path_factory, simulated_root):
    """The small set, its raw files replaced by range profiles of them."""
    root = tmp_path_factory.mktemp('compact') / 'set'
    shutil.copytree(simulated_root, root)
    for path in sorted(root.glob('single_*/*/adc_data.bin')):
        cube = open_recording(path, SMALL_PLAN.radar_config).cube()
        profiles = range_profiles(cube, 8, FORM.range_bins)
        write_range_profiles(path.with_name('adc_data.profiles.npy'), profiles, FORM.range_bins)
        path.unlink()
    return root


@pytest.mark.parametrize('mode', ['log_magnitude', 'real_imag'])
def test_heatmaps_are_equal_to_half_precision(simulated_root, compact_root, mode):
    pipeline = [dict(step, mode=mode) if step['type'] == 'HeatmapToChannels' else step for step in PIPELINE]
    raw, compact = dataset(simulated_root, pipeline), dataset(compact_root, pipeline)
    assert len(raw) == len(compact) > 0
    for index in (0, 7, len(raw) - 1):
        expected, found = raw[index]['inputs'], compact[index]['inputs']
        difference = (found - expected)[..., MOVING, :].abs()
        assert difference.mean() < 1e-3 and difference.max() < 0.05
        assert str(raw[index]['data_samples'].gt_instances.keypoints) == str(
            compact[index]['data_samples'].gt_instances.keypoints
        )


def test_a_pipeline_that_needs_more_is_refused(compact_root):
    message = r'holds range profiles of the bins 31 to 94, and the configuration takes 0 to 127: simulate raw frames'
    with pytest.raises(DataError, match=message):
        dataset(compact_root, [dict(type='RangeDopplerMap', range_bins=(0, 128))])[0]
    with pytest.raises(DataError, match='holds range profiles, not the samples'):
        dataset(compact_root, [dict(type='LoadRadarCube')])[0]


def test_a_missing_recording_names_both_places(compact_root, tmp_path):
    root = tmp_path / 'set'
    shutil.copytree(compact_root, root)
    (root / 'single_2' / 'vert' / 'adc_data.profiles.npy').unlink()
    with pytest.raises(DataError, match=r"sequence 2 .* radar 'vert': looked for .*adc_data.bin and .*profiles.npy"):
        dataset(root)


def test_simulated_profiles_have_the_labels_of_the_raw_set(simulated_root, tmp_path):
    root = write_hupr_dataset(tmp_path / 'set', SMALL_PLAN, workers=2, form=FORM)
    for name in ('hrnet_annot_train.json', 'hrnet_annot_test.json', 'splits.json'):
        assert (root / name).read_bytes() == (simulated_root / name).read_bytes()
    assert not list(root.glob('single_*/*/adc_data.bin'))
    size = FORM.frame_bytes(SMALL_PLAN.radar_config)
    assert size == 24_576
    for path in root.glob('single_*/*/adc_data.profiles.npy'):
        assert 0 <= path.stat().st_size - SMALL_PLAN.num_frames * size < 500
    # the people are the same, the noise another draw
    raw, compact = dataset(simulated_root), dataset(root)
    expected, found, other = (x['inputs'][..., MOVING, :] for x in (raw[2], compact[2], compact[12]))
    strong = expected > 2
    assert (found - expected)[strong].abs().mean() < 0.3 < 1 < (other - expected)[strong].abs().mean()


def test_another_form_does_not_go_on_in_the_same_folder(simulated_root, tmp_path):
    root = tmp_path / 'set'
    shutil.copytree(simulated_root, root)
    with pytest.raises(SimulationError, match='simulated with other settings'):
        write_hupr_dataset(root, SMALL_PLAN, form=FORM)
    other = write_hupr_dataset(tmp_path / 'other', SMALL_PLAN, form=FORM)
    assert json.loads((other / 'simulation.json').read_text())['form'] == dict(num_chirps=8, range_bins=[31, 95])
    write_hupr_dataset(other, SMALL_PLAN, form=FORM)  # complete: nothing to do
