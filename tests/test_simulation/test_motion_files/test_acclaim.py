import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_simulation.test_motion_files.bodies import (
    ANKLES,
    HIPS,
    assert_walks_forward,
    bone_lengths,
    elbows_behind,
    joint,
    knees_in_front,
    pelvis,
    shared,
)
from test_simulation.test_motion_files.fuzzing import CHANGES, CUTS, FUZZ, damaged, reads_or_says_why
from test_simulation.test_motion_files.tiny_files import TINY_AMC, TINY_ASF

from mmradar.errors import DataError
from mmradar.simulation.motion_files import read_amc, read_motion
from mmradar.simulation.skeleton import JOINTS


def test_cmu_walk():
    motion = read_motion(shared('cmu_mocap', 'subjects', '02', '02_01.amc'))
    assert len(motion) == 343 and motion.frame_rate_hz == 120 and motion.name == '02_01'
    lengths = bone_lengths(motion)
    assert np.ptp(lengths, axis=1).max() < 1e-9  # a skeleton's bones are rigid
    assert lengths.min(axis=1)[[0, 4]].min() > 0.35 and lengths.max() < 0.5  # thighs; nothing longer than a leg's half
    assert 1.4 < motion.stature_m < 2.1
    assert_walks_forward(motion, 3.0)
    assert 0.8 < np.linalg.norm(pelvis(motion)[-1] - pelvis(motion)[0]) / motion.duration_s < 2.0
    placed = motion.placed((0.1, 2.5))
    standing = placed.positions_m[0]
    assert 1.35 < standing[JOINTS['Head'], 2] < 1.75 and 0.75 < standing[HIPS, 2].mean() < 1.05
    # Placed before the radar it walks towards it.
    assert pelvis(placed)[-1, 1] < 2.5 - 3.0
    # One foot is always near the floor in a walk, and both leave it in turn.
    ankles = placed.positions_m[:, ANKLES, 2]
    assert ankles.min(axis=1).max() < 0.2 and (ankles.max(axis=0) > 0.2).all()


@pytest.mark.parametrize('number', ['02', '03', '05'])
def test_cmu_bodies_bend_the_right_way(number):
    motion = read_motion(shared('cmu_mocap', 'subjects', '02', f'02_{number}.amc'))
    assert np.median(knees_in_front(motion)) > 0.01
    assert np.median(elbows_behind(motion)) > 0.01
    # The neck is between the shoulders, the head above it.
    shoulders = (joint(motion, 'R_Shoulder') + joint(motion, 'L_Shoulder')) / 2
    assert np.linalg.norm(joint(motion, 'Neck') - shoulders, axis=-1).max() < 0.15
    assert (joint(motion, 'Head') - joint(motion, 'Neck'))[:, 2].min() > 0.05


def test_cmu_skeleton_of_another_subject_is_another_size(tmp_path):
    path = shared('cmu_mocap', 'subjects', '02', '02_01.amc')
    own = read_amc(path)
    other = read_amc(path, skeleton=shared('cmu_mocap', 'subjects', '03', '03.asf'))
    assert abs(other.stature_m - own.stature_m) > 0.01
    alone = shutil.copy(path, tmp_path / '02_01.amc')
    with pytest.raises(FileNotFoundError, match=r'no skeleton \(.asf\) for .*02_01.amc: 0 beside it'):
        read_motion(alone)


def test_acclaim_by_hand(tiny_amc):
    motion = read_motion(tiny_amc, frame_rate_hz=60)
    assert motion.frame_rate_hz == 60
    first, second = motion.positions_m
    # File (x, y, z) is world (x, -z, y): the root at (0, -2, 1), left along +x, facing the radar (-y).
    expected = {
        'L_Hip': (0.1, -2, 1),
        'L_Knee': (0.1, -2, 0.55),
        'R_Ankle': (-0.1, -2, 0.1),
        'Neck': (0, -2, 1.5),
        'Head': (0, -2, 1.7),  # the middle of its bone
        'L_Shoulder': (0.2, -2, 1.5),
        'L_Wrist': (0.75, -2, 1.5),
    }
    for name, place in expected.items():
        np.testing.assert_allclose(first[JOINTS[name]], place, atol=1e-9, err_msg=name)
    # Second frame: the root has turned by 90 degrees about the vertical, file (x, y, z) -> (z, y, -x).
    expected = {
        'L_Hip': (0, -1.9, 1),  # file (0.1, 0, 0) -> (0, 0, -0.1)
        'L_Knee': (-0.45, -1.9, 1),  # down, by rx to (0, 0, -1), rz leaves it; turned to (-1, 0, 0)
        'R_Knee': (0.45, -2.1, 1),  # down, by rx -90 forwards (0, 0, 1); turned to (1, 0, 0)
        'R_Ankle': (0.45, -2.1, 0.55),  # bent back down
        'L_Elbow': (-0.3, -1.8, 1.5),  # its x axis is up: (1, 0, 0) goes to (0, 0, -1); turned to (-1, 0, 0)
    }
    for name, place in expected.items():
        np.testing.assert_allclose(second[JOINTS[name]], place, atol=1e-9, err_msg=name)
    # pi towards the radar; the turn brings the face to +x.
    np.testing.assert_allclose(np.abs(motion.heading_rad), [np.pi, np.pi / 2])


def test_acclaim_in_radians_and_another_unit(tmp_path, tiny_amc):
    expected = read_amc(tiny_amc).positions_m
    (tmp_path / 'tiny.asf').write_text(
        TINY_ASF.replace('angle deg', 'angle rad').replace('0 0 90 XYZ', f'0 0 {np.pi / 2} XYZ')
    )
    with pytest.raises(DataError, match='line 3: the motion is in degrees, its skeleton is not'):
        read_amc(tiny_amc)
    text = TINY_AMC.replace(':DEGREES', ':RADIANS').replace('90', str(np.pi / 2))
    tiny_amc.write_text(text)
    np.testing.assert_allclose(read_amc(tiny_amc).positions_m, expected, atol=1e-9)
    np.testing.assert_allclose(read_amc(tiny_amc, metres_per_unit=0.9).positions_m, 0.9 * expected, atol=1e-9)
    with pytest.raises(DataError, match='in centimetres'):
        read_amc(tiny_amc, metres_per_unit=100)


@pytest.mark.parametrize(
    'old, new, message',
    [
        ('rtibia 90\n', '', r'line 1[0-9]: frame 2 has no values for rtibia'),
        ('rtibia 90\nlhumerus 90\n', 'rtib', r"line 14: the skeleton has no bone 'rtib' that moves"),
        ('rfemur -90 0 0', 'rfemur -90 0', r'line 13, rfemur: expected 3 numbers, found 2'),
        ('rfemur -90 0 0', 'rfemur -90 0 nan', r"line 13, rfemur: expected a number, found 'nan'"),
        ('rfemur -90 0 0', 'rfemur -90 0 x', r"line 13, rfemur: expected a number, found 'x'"),
        ('rfemur -90 0 0', 'lfemur 1 2', r"line 13: 'lfemur' comes twice in frame 2"),
        ('\n2\n', '\n3\n', 'line 10: expected frame 2, found 3'),
        ('1\nroot', 'root', 'line 4: expected the number of the first frame'),
        (TINY_AMC, ':DEGREES\n', 'holds no frames'),
        ('2\nroot', '2\nroot 1', 'line 11, root: expected 6 numbers, found 7'),
    ],
)
def test_damaged_amc(tiny_amc, old, new, message):
    assert old in TINY_AMC
    tiny_amc.write_text(TINY_AMC.replace(old, new))
    with pytest.raises(DataError, match=f'tiny.amc.*{message}'):
        read_amc(tiny_amc)


@pytest.mark.parametrize(
    'old, new, message',
    [
        ('    rhipjoint rfemur\n', '', "no bone 'rfemur', at whose end R_Knee is; found root, "),
        ('name rhumerus', 'name lhumerus', "a second bone 'lhumerus'"),
        ('length 0.5', 'length', 'line [0-9]+: expected 1 numbers, found 0'),
        ('    length 0.5\n', '', 'line [0-9]+: the bone has no length'),
        ('0 0 90 XYZ', '0 0 90 XYY', "expected an order of axes like XYZ, found 'XYY'"),
        ('dof rx rz', 'dof rx rq', 'expected channels of rx, ry'),
        ('dof rx rz', 'dof rx tx', 'bones that shift'),
        ('order TX TY TZ', 'order TX TY', 'no order of channels with TX, TY and TZ'),
        ('    lfemur ltibia\n', '    lfemur ltibia root\n', "'root' has a parent already or is the root"),
        ('    lfemur ltibia\n', '    lfemur ltibia\n    rfemur ltibia\n', "'ltibia' has a parent already"),
        ('    lfemur ltibia\n', '    lfemur tail\n', "unknown bone 'tail'"),
        (':version', ':verse', 'line 2: unknown section'),
        ('length 0.0254', 'length 0', 'a positive unit of length'),
        ('angle deg', 'angle gon', 'unit of angles'),
        (TINY_ASF[TINY_ASF.index('name rwrist') :], 'name rwrist\n', 'ends within the bone that begins in line'),
    ],
)
def test_damaged_asf(tiny_amc, old, new, message):
    assert old in TINY_ASF
    tiny_amc.with_suffix('.asf').write_text(TINY_ASF.replace(old, new))
    with pytest.raises(DataError, match=f'tiny.asf.*{message}'):
        read_amc(tiny_amc)


def test_acclaim_bones_of_other_names(tiny_amc):
    tiny_amc.with_suffix('.asf').write_text(TINY_ASF.replace('thorax', 'chest'))
    with pytest.raises(DataError, match="no bone 'thorax', at whose end Neck is"):
        read_amc(tiny_amc)
    found = read_amc(tiny_amc, joint_names={'Neck': 'chest'})
    np.testing.assert_allclose(joint(found, 'Neck')[0], (0, -2, 1.5), atol=1e-9)
    with pytest.raises(ValueError, match="unknown joint 'Throat'"):
        read_amc(tiny_amc, joint_names={'Throat': 'chest'})


@FUZZ
@given(changes=CHANGES, cut=CUTS, of_skeleton=st.booleans())
def test_any_acclaim(tmp_path, changes, cut, of_skeleton):
    skeleton, motion = TINY_ASF.encode(), TINY_AMC.encode()
    if of_skeleton:
        skeleton = damaged(skeleton, changes, cut)
    else:
        motion = damaged(motion, changes, cut % 300)
    (tmp_path / 'fuzz.asf').write_bytes(skeleton)
    (tmp_path / 'fuzz.amc').write_bytes(motion)
    reads_or_says_why(tmp_path / 'fuzz.amc')
