import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_simulation.test_motion_files.bodies import (
    ANKLES,
    assert_walks_forward,
    bone_lengths,
    elbows_behind,
    knees_in_front,
    pelvis,
    shared,
)
from test_simulation.test_motion_files.fuzzing import CHANGES, CUTS, FUZZ, damaged, reads_or_says_why
from test_simulation.test_motion_files.tiny_files import CHARACTER, CLIP

from mmradar.errors import DataError
from mmradar.simulation.motion_files import read_deepmimic, read_motion
from mmradar.simulation.skeleton import JOINTS


def test_deepmimic_walk():
    motion = read_motion(shared('deepmimic', 'motions', 'humanoid3d_walk.txt'))
    assert len(motion) == 39 and motion.frame_rate_hz == pytest.approx(30, rel=1e-3)
    assert np.ptp(bone_lengths(motion), axis=1).max() < 1e-9
    assert 1.4 < motion.stature_m < 2.1
    assert_walks_forward(motion, 1.0)
    assert 0.5 < np.linalg.norm(pelvis(motion)[-1] - pelvis(motion)[0]) / motion.duration_s < 2.0
    assert np.median(knees_in_front(motion)) > 0.01 and np.median(elbows_behind(motion)) > 0.01
    assert 1.3 < motion.placed().positions_m[0, JOINTS['Head'], 2] < 1.7


def test_deepmimic_runs_faster_than_it_walks_and_kicks_with_a_leg_in_the_air():
    folder = shared('deepmimic', 'motions')
    speed = {}
    for name in ('walk', 'jog', 'run'):
        motion = read_motion(folder / f'humanoid3d_{name}.txt')
        speed[name] = np.linalg.norm(pelvis(motion)[-1] - pelvis(motion)[0]) / motion.duration_s
    assert speed['walk'] < speed['jog'] < speed['run'] < 6
    kick = read_motion(folder / 'humanoid3d_kick.txt').placed()
    assert kick.positions_m[:, ANKLES, 2].max() > 0.6


def test_all_deepmimic_clips_are_read():
    paths = sorted(shared('deepmimic', 'motions').rglob('*.txt'))
    assert len(paths) >= 20
    for path in paths:
        motion = read_motion(path)
        assert 1.4 < motion.stature_m < 2.1, path
        # Clips of even frames are rigid; the one that is not is resampled, by which bones stretch a little.
        assert np.ptp(bone_lengths(motion), axis=1).max() < 0.03, path


def test_deepmimic_by_hand(tiny_deepmimic):
    motion = read_motion(tiny_deepmimic)
    assert motion.frame_rate_hz == pytest.approx(20)
    first, second = motion.positions_m
    for frame, name, place in [
        (first, 'R_Hip', (0, -0.1, 1)),  # file z is the body's right and world -y; file x is forward
        (first, 'L_Ankle', (0, 0.1, 0.1)),
        (first, 'Head', (0, 0, 1.7)),
        (second, 'R_Hip', (0.4, 0, 1)),  # R_y(90) takes z to x
        (second, 'R_Ankle', (0.4, -0.45, 0.55)),  # shank -y by R_z(-90) to -x, by R_y(90) to +z
        (second, 'Head', (0.3, -0.2, 1.5)),  # +y by R_z(90) to -x, by R_y(90) to +z
    ]:
        np.testing.assert_allclose(frame[JOINTS[name]], place, atol=1e-9, err_msg=name)


def test_deepmimic_frames_of_differing_durations(tiny_deepmimic):
    frames = []
    for duration, x in [(0.1, 0.0), (0.1, 0.1), (0.2, 0.2), (0.1, 0.4), (0.1, 0.5), (0.0, 0.6)]:
        frames.append([duration, x, *CLIP['Frames'][0][2:]])
    tiny_deepmimic.write_text(json.dumps({'Frames': frames}))
    motion = read_motion(tiny_deepmimic)
    np.testing.assert_allclose(pelvis(motion)[:, 0], 0.1 * np.arange(7), atol=1e-9)  # 1 m/s throughout


def changed(clip, frame, column, value):
    frames = [list(numbers) for numbers in clip['Frames']]
    frames[frame][column] = value
    return json.dumps({'Frames': frames})


@pytest.mark.parametrize(
    'text, message',
    [
        (json.dumps(CLIP)[:-20], 'no JSON'),
        ('', 'no JSON'),
        ('[' * 100_000, 'no JSON'),
        ('[1, 2]', 'expected a JSON object, found list'),
        ('{"Frames": 3}', 'expected a list "Frames" of at least 2, found int'),
        (json.dumps({'Frames': CLIP['Frames'][:1]}), 'at least 2, found 1'),
        (json.dumps({'Frames': [CLIP['Frames'][0], CLIP['Frames'][1][:-1]]}), 'frame 1: expected 17 numbers, found 16'),
        (changed(CLIP, 1, 2, float('nan')), 'frame 1: holds what is no number'),
        (changed(CLIP, 1, 2, 10**400), 'frame 1: holds what is no number'),
        (changed(CLIP, 0, 2, 'one'), 'frame 0: holds what is no number'),
        (changed(CLIP, 1, 4, 30.0), "frame 1: the quaternion of 'root' has the norm"),
        (changed(CLIP, 0, 0, 0.0), 'frame 0: expected a positive duration'),
    ],
)
def test_damaged_deepmimic(tiny_deepmimic, text, message):
    tiny_deepmimic.write_text(text)
    with pytest.raises(DataError, match=f'tiny.txt.*{message}'):
        read_motion(tiny_deepmimic)


def test_deepmimic_character(tiny_deepmimic, tmp_path):
    character = tmp_path / 'characters' / 'humanoid3d.txt'
    character.write_text(json.dumps(CHARACTER).replace('left_knee', 'left_thing'))
    with pytest.raises(DataError, match="humanoid3d.txt: no joint 'left_knee'; found root"):
        read_motion(tiny_deepmimic)
    character.write_text(json.dumps(CHARACTER).replace('"revolute"', '"prismatic"'))
    with pytest.raises(DataError, match='prismatic'):
        read_motion(tiny_deepmimic)
    character.write_text('{"Skeleton": 3}')
    with pytest.raises(DataError, match="not a character of DeepMimic's"):
        read_motion(tiny_deepmimic)
    character.unlink()
    with pytest.raises(FileNotFoundError, match='pass the character'):
        read_deepmimic(tiny_deepmimic)
    elsewhere = tmp_path / 'body.json'
    elsewhere.write_text(json.dumps(CHARACTER))
    assert len(read_deepmimic(tiny_deepmimic, skeleton=elsewhere)) == 2


@FUZZ
@given(changes=CHANGES, cut=CUTS, of_skeleton=st.booleans())
def test_any_deepmimic(tmp_path, changes, cut, of_skeleton):
    skeleton, motion = json.dumps(CHARACTER).encode(), json.dumps(CLIP).encode()
    if of_skeleton:
        skeleton = damaged(skeleton, changes, cut)
    else:
        motion = damaged(motion, changes, cut % 300)
    (tmp_path / 'body.json').write_bytes(skeleton)
    (tmp_path / 'fuzz.txt').write_bytes(motion)
    reads_or_says_why(tmp_path / 'fuzz.txt', skeleton=tmp_path / 'body.json')
