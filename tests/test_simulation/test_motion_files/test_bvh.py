import sys

import numpy as np
import pytest
from hypothesis import given
from test_simulation.test_motion_files.bodies import (
    bone_lengths,
    elbows_behind,
    joint,
    knees_in_front,
    need_pybvh,
    shared,
)
from test_simulation.test_motion_files.fuzzing import CHANGES, CUTS, FUZZ, damaged, reads_or_says_why
from test_simulation.test_motion_files.tiny_files import tiny_bvh

from conftest import SHARED_DATA
from mmradar.errors import DataError
from mmradar.simulation.motion_files import read_bvh, read_motion
from mmradar.simulation.skeleton import JOINTS, Subject


def test_bvh_by_hand(tiny_bvh_path):
    motion = read_motion(tiny_bvh_path)
    assert motion.frame_rate_hz == pytest.approx(30) and motion.name == 'tiny'
    first, second, third = motion.positions_m  # centimetres were guessed; file (x, y, z) is world (x, -z, y)
    for frame, name, place in [
        (first, 'R_Hip', (-0.1, 0, 1)),
        (first, 'L_Ankle', (0.1, 0, 0.1)),
        (first, 'Neck', (0, 0, 1.5)),
        (first, 'Head', (0, 0, 1.7)),  # between the joint at 1.6 and its tip at 1.8
        (first, 'R_Wrist', (-0.2, 0, 0.95)),
        (second, 'R_Hip', (0.2, 0, 1)),  # 0.3 m along x
        (second, 'L_Knee', (0.4, -0.45, 1)),  # forward is file +z
        (second, 'L_Ankle', (0.4, -0.45, 0.55)),
        (second, 'R_Elbow', (0.1, 0.3, 1.5)),  # R_z R_x turns down into file -z; R_x R_z would turn it into +x
        (third, 'R_Hip', (0.3, -0.1, 1)),  # file (-10, 0, 0) by R_y(90) is (0, 0, 10)
        (third, 'L_Hip', (0.3, 0.1, 1)),
    ]:
        np.testing.assert_allclose(frame[JOINTS[name]], place, atol=1e-9, err_msg=name)


def test_bvh_z_up_and_unit_given(tiny_bvh_path):
    expected = read_bvh(tiny_bvh_path).positions_m
    as_they_are = read_bvh(tiny_bvh_path, up='z').positions_m
    np.testing.assert_allclose(as_they_are[..., [0, 2, 1]] * [1, -1, 1], expected, atol=1e-12)
    np.testing.assert_allclose(read_bvh(tiny_bvh_path, metres_per_unit=0.008).positions_m, 0.8 * expected, atol=1e-12)
    with pytest.raises(DataError, match='in centimetres, multiply them by 0.01'):
        read_bvh(tiny_bvh_path, metres_per_unit=1)
    with pytest.raises(ValueError, match="up must be 'y' or 'z'"):
        read_bvh(tiny_bvh_path, up='x')
    tiny_bvh_path.write_text(tiny_bvh().replace('OFFSET 0 -45 0', 'OFFSET 0 -4500 0'))
    with pytest.raises(DataError, match='in no usual unit of length; pass metres_per_unit'):
        read_bvh(tiny_bvh_path)


def moving_joint_bvh(shift=0.0, kinds='Xposition Yposition Zposition'):
    """The tiny BVH, but the left leg has position channels, with its offset and a shift upwards in the third frame."""
    channels = 'CHANNELS 3 Zrotation Xrotation Yrotation'
    header, table = tiny_bvh().split('Frame Time: 0.033333\n')
    before, leg, after = header.partition('JOINT LeftUpLeg\n{\nOFFSET 10 0 0\n')
    leg = leg.replace('10 0 0', '1 2 3')  # is not used
    after = after.replace(channels, f'CHANNELS 6 {kinds} Zrotation Xrotation Yrotation', 1)
    rows = [row.split() for row in table.splitlines()]
    places = (['10', '0', '0'], ['10', '0', '0'], ['10', str(shift), '0'])
    start = 6 + 3 * 5  # after the root and five joints
    rows = [' '.join([*row[:start], *place, *row[start:]]) for row, place in zip(rows, places)]
    return f'{before}{leg}{after}Frame Time: 0.033333\n' + '\n'.join(rows) + '\n'


def test_positions_of_a_joint_replace_its_offset(tiny_bvh_path):
    expected = read_bvh(tiny_bvh_path).positions_m.copy()
    tiny_bvh_path.write_text(moving_joint_bvh())
    np.testing.assert_allclose(read_bvh(tiny_bvh_path).positions_m, expected, atol=1e-12)
    tiny_bvh_path.write_text(moving_joint_bvh(shift=4.0))
    leg = [JOINTS[name] for name in ('L_Hip', 'L_Knee', 'L_Ankle')]
    expected[2, leg, 2] += 0.04  # in m
    np.testing.assert_allclose(read_bvh(tiny_bvh_path).positions_m, expected, atol=1e-12)


@pytest.mark.parametrize(
    'text, message',
    [
        (moving_joint_bvh(kinds='Zposition Yposition Xposition'), 'joint 6: expected Xposition Yposition Zposition'),
        (moving_joint_bvh(shift='nan'), "frame 2: the place of 'LeftUpLeg' is not a finite number"),
        (moving_joint_bvh(shift='up'), 'a position is not a number'),
        (moving_joint_bvh().rstrip().rsplit(' ', 1)[0], 'frame 2 has 50 numbers; its channels are 51'),
        (moving_joint_bvh().replace('Frames: 3', 'Frames: 4'), 'declares 4 frames but file contains 3'),
    ],
)
def test_damaged_positions_of_a_joint(tiny_bvh_path, text, message):
    tiny_bvh_path.write_text(text)
    with pytest.raises(DataError, match=f'(?s)tiny.bvh.*{message}'):
        read_bvh(tiny_bvh_path)


def test_bandai_namcos_bvh():
    need_pybvh()
    motion = read_motion(shared('bandai_namco', 'motions', 'bow_normal_001.bvh'))
    assert motion.frame_rate_hz == pytest.approx(30, rel=1e-4)
    assert 1.4 < motion.stature_m < 2.1 and np.median(knees_in_front(motion)) > 0.003
    trunk = (joint(motion, 'Neck') - (joint(motion, 'R_Hip') + joint(motion, 'L_Hip')) / 2)[:, 2]
    assert trunk[0] > 0.9 * trunk.max() and trunk.min() < 0.85 * trunk.max()  # stands, and bows


@pytest.mark.parametrize('name', ['upper_suffix.BVH', '3dsmax_biped_names.bvh', 'name_with_space.bvh'])
def test_shared_bvh(name):
    need_pybvh()
    path = SHARED_DATA.parent / 'cases' / 'motion' / name
    if not path.is_file():
        pytest.skip(f'no motion at {path}')
    motion = read_motion(path)
    assert len(motion) > 1 and 1.3 < motion.stature_m < 2.1
    if name == 'name_with_space.bvh':
        mapped = read_motion(path, joint_names={'R_Hip': 'Bip01 RightUpLeg', 'Neck': 'Bip01 Neck'})
        np.testing.assert_array_equal(mapped.positions_m, motion.positions_m)


@pytest.mark.parametrize(
    'damage, message',
    [
        (lambda text: text[: len(text) // 3], 'ValueError: '),
        (lambda text: text[: text.rindex('\n0')], 'declares 3 frames but file contains 2'),
        (lambda text: text.replace('Frames: 3', 'Frames: 4'), 'declares 4 frames but file contains 3'),
        (lambda text: text.rstrip().rsplit(' ', 1)[0], 'number of columns changed from 48 to 47 at row 3'),
        (lambda text: text.replace('OFFSET 0 50 0', 'OFFSET 0 50'), 'OFFSET must have 3 values, got 2'),
        (lambda text: text.replace('Zrotation', 'Wrotation'), 'Wrotation'),
        (lambda text: text.replace('Frame Time: 0.033333', 'Frame Time: 0'), 'missing or zero'),
        (lambda text: text.replace('Frame Time: 0.033333', 'Frame Time: -0.03'), 'frame_time must be >= 0'),
        (lambda text: text.replace('Frame Time: 0.033333', 'Frame Time: 5'), 'frame rate of 1 to 10,000 Hz'),
        (lambda text: text.replace('-90', 'nan'), "frame 1: an angle of 'LeftUpLeg' is not a finite number"),
        (
            lambda text: text.replace('0 0 0 30 100', '0 0 0 inf 100'),
            "frame 1: the place of 'Hips' is not a finite number",
        ),
        (lambda text: '', 'No ROOT'),
    ],
)
def test_damaged_bvh(tiny_bvh_path, damage, message):
    text = damage(tiny_bvh())
    assert text != tiny_bvh()
    tiny_bvh_path.write_text(text)
    with pytest.raises(DataError, match=f'(?s)tiny.bvh.*{message}'):
        read_bvh(tiny_bvh_path)


def test_bvh_without_its_package(tiny_bvh_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pybvh', None)
    with pytest.raises(ImportError, match='tiny.bvh is a BVH file; to read it: pip install pybvh'):
        read_motion(tiny_bvh_path)


@pytest.mark.parametrize('name', ['test_freebvh.bvh', 'test_mocapbank.bvh'])
def test_real_bvh(name):
    need_pybvh()
    motion = read_motion(shared('bvh', 'tests', name))
    assert motion.frame_rate_hz == pytest.approx(30)
    assert np.ptp(bone_lengths(motion), axis=1).max() < 1e-6
    assert 1.4 < motion.stature_m < 2.1
    placed = motion.placed()
    assert 1.4 < placed.positions_m[0, JOINTS['Head'], 2] < 1.9
    assert np.median(knees_in_front(motion)) > 0.003
    assert np.median(elbows_behind(motion)) > 0.003
    assert (joint(motion, 'Head') - joint(motion, 'Neck'))[0, 2] > 0.15  # later one of them bows


def test_bvh_of_another_suffix(tiny_bvh_path):
    expected = read_motion(tiny_bvh_path).positions_m
    for suffix in ('.BVH', '.Bvh', '.dat', ''):
        path = tiny_bvh_path.with_suffix(suffix)
        path.write_text(tiny_bvh())
        np.testing.assert_array_equal(read_motion(path).positions_m, expected)
        np.testing.assert_array_equal(read_bvh(path).positions_m, expected)
    path.write_text('\ufeff' + tiny_bvh())
    np.testing.assert_array_equal(read_motion(path).positions_m, expected)
    path.write_text(tiny_bvh().replace('OFFSET 0 50 0', 'OFFSET 0 50'))
    with pytest.raises(DataError, match='OFFSET must have 3 values') as caught:
        read_bvh(path)
    assert 'motion.bvh' not in str(caught.value)  # what is told of is the user's file, no copy of it


@FUZZ
@given(changes=CHANGES, cut=CUTS)
def test_any_bvh(tmp_path, changes, cut):
    need_pybvh()
    path = tmp_path / 'fuzz.bvh'
    for text in (tiny_bvh(), moving_joint_bvh()):
        path.write_bytes(damaged(text.encode(), changes, cut))
        reads_or_says_why(path)


def test_a_rig_without_a_tip_of_the_head_gets_the_usual_head(tmp_path):
    tip = '0 20 0'
    lines = tiny_bvh().splitlines()
    head = next(number for number, line in enumerate(lines) if line.strip() == 'JOINT Head')
    place = next(number for number in range(head, len(lines)) if lines[number].strip() == f'OFFSET {tip}')
    lines[place] = lines[place].replace(tip, '0 0 0')
    (tmp_path / 'flat.bvh').write_text('\n'.join(lines) + '\n')
    motion = read_bvh(tmp_path / 'flat.bvh')
    usual_m = Subject(motion.stature_m).length_m('head')
    assert usual_m > 0.1  # the base of the skull is 0.1 m above the neck
    np.testing.assert_allclose(motion.positions_m[0, JOINTS['Head']], (0, 0, 1.5 + usual_m), atol=1e-9)
    given = read_bvh(tmp_path / 'flat.bvh', joint_names={'Head': 'Head'})
    np.testing.assert_allclose(given.positions_m[0, JOINTS['Head']], (0, 0, 1.6), atol=1e-9)
