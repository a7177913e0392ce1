import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from conftest import SMALL_PLAN
from mmradar.errors import ConfigError
from mmradar.radar import open_recording
from mmradar.simulation import Camera, SimulationError, SimulationPlan, write_hupr_dataset


def contents(root):
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob('*')) if path.is_file()}


def test_layout_is_hupr_s(simulated_root):
    for number in range(1, 9):
        for view in ('hori', 'vert'):
            assert (
                simulated_root / f'single_{number}' / view / 'adc_data.bin'
            ).stat().st_size == 5 * SMALL_PLAN.radar_config.frame_bytes
    annotation = json.loads((simulated_root / 'hrnet_annot_train.json').read_text())
    assert len(annotation) == 4 and all(len(sequence) == 5 for sequence in annotation)
    assert set(annotation[0][0]) == {'image', 'joints', 'bbox'} and annotation[0][3]['image'] == '000000003.jpg'
    joints, (x1, y1, x2, y2) = np.array(annotation[0][0]['joints']), annotation[0][0]['bbox']
    assert joints.shape == (14, 2)
    assert (joints > (x1, y1)).all() and (joints < (x2, y2)).all()


def test_annotation_is_the_projection_of_the_3d_joints(simulated_root):
    annotation = json.loads((simulated_root / 'hrnet_annot_test.json').read_text())
    joints_m = np.load(simulated_root / 'single_7' / 'joints_3d_m.npy')
    np.testing.assert_allclose(annotation[0][2]['joints'], Camera().project(joints_m[2]), atol=2e-3)


def test_same_bytes_whatever_the_number_of_workers(simulated_root, tmp_path):
    again = write_hupr_dataset(tmp_path / 'set', SMALL_PLAN, workers=2)
    assert contents(again) == contents(simulated_root)


def test_another_seed_gives_other_data(simulated_root, tmp_path):
    other = write_hupr_dataset(tmp_path / 'set', replace(SMALL_PLAN, train=1, val=0, test=0, seed=1))
    assert (other / 'single_1/hori/adc_data.bin').read_bytes() != (
        simulated_root / 'single_1/hori/adc_data.bin'
    ).read_bytes()


def test_no_subject_is_in_two_splits_and_every_motion_in_each():
    plan = SimulationPlan()
    subjects = {split: {plan.subject_of(n) for n in numbers} for split, numbers in plan.splits.items()}
    assert not (
        subjects['train'] & subjects['test']
        or subjects['train'] & subjects['val']
        or subjects['val'] & subjects['test']
    )
    assert len(subjects['train']) == 60 and len(subjects['test']) == 6
    motions = {split: {plan.performance(n).motion for n in numbers} for split, numbers in plan.splits.items()}
    assert motions['train'] == motions['val'] == motions['test'] and len(motions['test']) == 12
    heights = {plan.performance(n).subject.height_m for n in plan.splits['train']}
    assert len(heights) == 60 and max(heights) - min(heights) > 0.3


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch):
    from mmradar.simulation import hupr_writer

    simulate, calls = hupr_writer.simulate_sequence, []

    def fail_at_the_third(plan, sequence, camera, **options):
        calls.append(sequence)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return simulate(plan, sequence, camera, **options)

    monkeypatch.setattr(hupr_writer, 'simulate_sequence', fail_at_the_third)
    plan = replace(SMALL_PLAN, train=3, val=1, test=1)
    with pytest.raises(KeyboardInterrupt):
        write_hupr_dataset(tmp_path / 'set', plan)
    assert not (tmp_path / 'set' / 'hrnet_annot_train.json').exists()
    write_hupr_dataset(tmp_path / 'set', plan)
    assert calls == [1, 2, 3, 3, 4, 5]
    assert contents(tmp_path / 'set') == contents(write_hupr_dataset(tmp_path / 'whole', plan))


def test_other_settings_do_not_mix_with_a_set_that_is_there(tmp_path):
    plan = replace(SMALL_PLAN, train=1, val=0, test=0)
    write_hupr_dataset(tmp_path, plan)
    with pytest.raises(SimulationError, match='simulated with other settings'):
        write_hupr_dataset(tmp_path, replace(plan, seed=5))
    shutil.rmtree(tmp_path / 'single_1')  # one that was interrupted before its first sequence is not there
    write_hupr_dataset(tmp_path, replace(plan, seed=5))


def test_a_recorded_set_is_not_written_into(tmp_path):
    (tmp_path / 'single_1').mkdir()
    with pytest.raises(SimulationError, match='not simulated here'):
        write_hupr_dataset(tmp_path, SMALL_PLAN)


def test_a_full_disk_is_noticed_before_the_work(tmp_path, monkeypatch):
    from mmradar.simulation import hupr_writer

    monkeypatch.setattr(hupr_writer.shutil, 'disk_usage', lambda path: SimpleNamespace(free=1_000_000))
    with pytest.raises(SimulationError, match='GB more at .*GB are free'):
        write_hupr_dataset(tmp_path / 'set', SMALL_PLAN)
    assert not list((tmp_path / 'set').iterdir())


def test_walls_fill_the_raw_frames_and_clutter_removal_takes_them_out(simulated_root):
    cube = open_recording(simulated_root / 'single_1/hori/adc_data.bin', SMALL_PLAN.radar_config).cube()
    moving = cube - cube.mean(axis=2, keepdims=True)
    assert np.abs(cube).std() > 3 * np.abs(moving).std()


def test_some_splits_now_and_the_others_later(simulated_root, tmp_path):
    root = write_hupr_dataset(tmp_path / 'set', SMALL_PLAN, splits=['test'])
    numbers = SMALL_PLAN.splits['test']
    assert {int(path.name.removeprefix('single_')) for path in root.glob('single_*')} == set(numbers)
    assert not (root / 'hrnet_annot_train.json').exists()
    assert (root / 'hrnet_annot_test.json').read_bytes() == (simulated_root / 'hrnet_annot_test.json').read_bytes()
    write_hupr_dataset(root, SMALL_PLAN)
    assert contents(root) == contents(simulated_root)
    with pytest.raises(ConfigError, match="no split 'unseen'; it has train, val, test"):
        write_hupr_dataset(root, SMALL_PLAN, splits=['unseen'])
