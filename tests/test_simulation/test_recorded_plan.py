"""People of motion capture in front of two radars."""

import json
import pickle

import numpy as np
import pytest

from mmradar.errors import ConfigError, DataError
from mmradar.simulation import (
    CompactForm,
    Performance,
    RecordedPlan,
    Subject,
    read_motion,
    write_hupr_dataset,
)
from mmradar.simulation.performance import is_seen_whole

FIELDS = dict(num_frames=6, seed=3)


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Somebody who squats for three seconds, somebody who is driven away."""
    folder = tmp_path_factory.mktemp('motions')
    times = np.arange(0, 3.01, 1 / 30)
    rng = np.random.default_rng(0)
    squat = Performance.random(Subject(1.8), 'squat', rng).joints_m(times)
    away = Performance.random(Subject(1.6), 'stand', rng).joints_m(times)
    away[..., 0] += 9 * times[:, None]
    for name, joints in (('squat', squat), ('away', away)):
        np.savez(folder / f'{name}.npz', positions_m=joints, frame_rate_hz=30.0)
    return [folder / 'squat.npz', folder / 'away.npz']


def test_parts_that_stay_in_view_become_sequences(files):
    plan = RecordedPlan.of_files(files, **FIELDS)
    assert {clip.path for clip in plan.clips} == {str(files[0])} and len(plan.clips) == 4  # of 0.7 s each
    assert plan.splits == dict(train=[], val=[], test=[1, 2, 3, 4]) and plan == RecordedPlan.of_files(files, **FIELDS)
    assert plan != RecordedPlan.of_files(files, **{**FIELDS, 'seed': 4})
    recorded = read_motion(files[0])
    for number in plan.splits['test']:
        motion = plan.person(number).motion
        joints = motion.joints_m(np.arange(6) / 10)
        assert is_seen_whole(joints) and plan.described(number)['subject'] == 1
        original = recorded.joints_m(plan.clips[number - 1].start_s + np.arange(6) / 10)
        # turned and moved, and nothing else
        for pair in ((0, 10), (6, 2)):
            np.testing.assert_allclose(
                np.linalg.norm(joints[:, pair[0]] - joints[:, pair[1]], axis=-1),
                np.linalg.norm(original[:, pair[0]] - original[:, pair[1]], axis=-1),
                atol=1e-3,
            )
    with pytest.raises(DataError, match='of 1 motion files no part of 0.7 s stays in view'):
        RecordedPlan.of_files(files[1:], **FIELDS)


def test_a_part_at_several_places(files):
    once, thrice = (RecordedPlan.of_files(files, places=places, **FIELDS).clips for places in (1, 3))
    assert thrice[::3] == once  # a set with more places continues one with fewer
    assert [clip.start_s for clip in thrice] == [clip.start_s for clip in once for _ in range(3)]
    assert len({(clip.place_m, clip.heading_rad) for clip in thrice}) == 12
    with pytest.raises(ConfigError, match='places=0'):
        RecordedPlan.of_files(files, places=0, **FIELDS)


def test_they_are_written_as_any_set_and_the_same_from_any_number_of_processes(files, tmp_path):
    plan = RecordedPlan.of_files(files, split='val', **FIELDS)
    assert pickle.loads(pickle.dumps(plan)) == plan
    for workers in (1, 2):
        write_hupr_dataset(tmp_path / str(workers), plan, workers=workers, form=CompactForm())
    name = 'single_2/hori/adc_data.profiles.npy'
    assert (tmp_path / '1' / name).read_bytes() == (tmp_path / '2' / name).read_bytes()
    assert len(json.loads((tmp_path / '1/hrnet_annot_val.json').read_text())) == 4
    described = json.loads((tmp_path / '1/simulation.json').read_text())
    assert described['sequences']['2']['motion'] == 'squat, from 0.7 s'
    assert described['plan']['clips'][1]['start_s'] == pytest.approx(0.7)
