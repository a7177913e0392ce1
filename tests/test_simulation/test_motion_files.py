import json
import shutil
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import SHARED_DATA
from mmradar.errors import DataError
from mmradar.simulation import JOINT_NAMES, Performance, Style, Subject
from mmradar.simulation.motion_files import (
    from_kinect,
    read_amc,
    read_arrays,
    read_bvh,
    read_deepmimic,
    read_kinect_csv,
    read_mars,
    read_motion,
    write_npz,
)
from mmradar.simulation.motion_files.kinect import KINECT_JOINTS, MARS_JOINTS
from mmradar.simulation.motion_sequence import RIGID_BONES, MotionSequence
from mmradar.simulation.skeleton import JOINTS

HIPS = [JOINTS['R_Hip'], JOINTS['L_Hip']]
ANKLES = [JOINTS['R_Ankle'], JOINTS['L_Ankle']]
FUZZ = settings(max_examples=150, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def shared(*parts):
    path = SHARED_DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f'real motions are not shipped with the package; looked for {path}')
    return path


def need_pybvh():
    pytest.importorskip('pybvh', reason='reading BVH needs pybvh')


def joint(motion, name):
    return motion.positions_m[:, JOINTS[name]]


def pelvis(motion):
    return motion.positions_m[:, HIPS].mean(axis=1)


def knees_in_front(motion):
    """How far knees are in front of the line from hip to ankle, (frames,) in m, by where hips and shoulders face."""
    forward = np.stack([-np.sin(motion.heading_rad), np.cos(motion.heading_rad)], axis=-1)
    bend = sum(
        joint(motion, f'{side}_Knee') - (joint(motion, f'{side}_Hip') + joint(motion, f'{side}_Ankle')) / 2
        for side in 'RL'
    )
    return (bend[:, :2] * forward).sum(axis=-1) / 2


def elbows_behind(motion):
    forward = np.stack([-np.sin(motion.heading_rad), np.cos(motion.heading_rad)], axis=-1)
    bend = sum(
        joint(motion, f'{side}_Elbow') - (joint(motion, f'{side}_Shoulder') + joint(motion, f'{side}_Wrist')) / 2
        for side in 'RL'
    )
    return -(bend[:, :2] * forward).sum(axis=-1) / 2


def bone_lengths(motion):
    return np.stack(
        [
            np.linalg.norm(joint(motion, f'{side}_{upper}') - joint(motion, f'{side}_{lower}'), axis=-1)
            for side in 'RL'
            for upper, lower in RIGID_BONES.values()
        ]
    )


def assert_walks_forward(motion, least_m):
    """The path goes where the body faces: wrong if left and right were exchanged, or an axis mirrored."""
    way = pelvis(motion)[-1, :2] - pelvis(motion)[0, :2]
    length = np.linalg.norm(way)
    assert length > least_m
    heading = motion.heading_rad
    faces = np.stack([-np.sin(heading), np.cos(heading)], axis=-1) @ (way / length)
    assert np.median(faces) > 0.9
    # The left hip is left of the way.
    left = np.array([-way[1], way[0]]) / length
    assert np.median((joint(motion, 'L_Hip') - joint(motion, 'R_Hip'))[:, :2] @ left) > 0.1


# CMU


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


# A body by hand, in metres: the numbers below can be followed with a finger.

TINY_ASF = """# by hand
:version 1.10
:name tiny
:units
  mass 1.0
  length 0.0254
  angle deg
:documentation
  length is an inch: a unit of the file is a metre
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
"""
BONES = [  # name, parent, direction, length, axis, dof
    ('lhipjoint', 'root', '1 0 0', 0.1, '0 0 0', ''),
    ('lfemur', 'lhipjoint', '0 -1 0', 0.45, '0 0 0', 'rx rz'),
    ('ltibia', 'lfemur', '0 -1 0', 0.45, '0 0 0', ''),
    ('rhipjoint', 'root', '-1 0 0', 0.1, '0 0 0', ''),
    ('rfemur', 'rhipjoint', '0 -1 0', 0.45, '0 0 0', 'rx ry rz'),
    ('rtibia', 'rfemur', '0 -1 0', 0.45, '0 0 0', 'rx'),
    ('thorax', 'root', '0 1 0', 0.5, '0 0 0', ''),
    ('head', 'thorax', '0 1 0', 0.4, '0 0 0', ''),
    ('lclavicle', 'thorax', '1 0 0', 0.2, '0 0 0', ''),
    ('lhumerus', 'lclavicle', '1 0 0', 0.3, '0 0 90', 'rx'),
    ('lradius', 'lhumerus', '1 0 0', 0.15, '0 0 0', ''),
    ('lwrist', 'lradius', '1 0 0', 0.1, '0 0 0', ''),
    ('rclavicle', 'thorax', '-1 0 0', 0.2, '0 0 0', ''),
    ('rhumerus', 'rclavicle', '-1 0 0', 0.3, '0 0 0', ''),
    ('rradius', 'rhumerus', '-1 0 0', 0.15, '0 0 0', ''),
    ('rwrist', 'rradius', '-1 0 0', 0.1, '0 0 0', ''),
]
for _number, (_name, _, _direction, _length, _axis, _dof) in enumerate(BONES):
    TINY_ASF += f'  begin\n    id {_number + 1}\n    name {_name}\n    direction {_direction}\n    length {_length}\n'
    TINY_ASF += f'    axis {_axis} XYZ\n' + (f'    dof {_dof}\n' if _dof else '') + '  end\n'
TINY_ASF += ':hierarchy\n  begin\n' + ''.join(f'    {parent} {name}\n' for name, parent, *_ in BONES) + '  end\n'
TINY_AMC = """#!OML:ASF tiny.asf
:FULLY-SPECIFIED
:DEGREES
1
root 0 1 2 0 0 0
lfemur 0 0
rfemur 0 0 0
rtibia 0
lhumerus 0
2
root 0 1 2 0 90 0
lfemur 90 90
rfemur -90 0 0
rtibia 90
lhumerus 90
"""


@pytest.fixture
def tiny_amc(tmp_path):
    (tmp_path / 'tiny.asf').write_text(TINY_ASF)
    path = tmp_path / 'tiny.amc'
    path.write_text(TINY_AMC)
    return path


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


# BVH


def tiny_bvh(words=None):
    """A like body in centimetres, three frames. The root has its angles before its place, which not all files have."""
    words = {
        **dict(hips='Hips', neck='Neck', head='Head'),
        **dict(upleg='{}UpLeg', leg='{}Leg', foot='{}Foot', arm='{}Arm', forearm='{}ForeArm', hand='{}Hand'),
        **dict(right='Right', left='Left'),
        **(words or {}),
    }
    channels = 'CHANNELS 3 Zrotation Xrotation Yrotation'

    def block(name, offset, children, kind='JOINT', channels=channels):
        return f'{kind} {name}\n{{\nOFFSET {offset}\n{channels}\n{"".join(children)}}}\n'

    def end(offset):
        return f'End Site\n{{\nOFFSET {offset}\n}}\n'

    def leg(side, sign):
        foot = block(words['foot'].format(words[side]), '0 -45 0', [end('0 -5 10')])
        shank = block(words['leg'].format(words[side]), '0 -45 0', [foot])
        return block(words['upleg'].format(words[side]), f'{sign}10 0 0', [shank])

    def arm(side, sign):
        hand = block(words['hand'].format(words[side]), '0 -25 0', [end('0 -10 0')])
        forearm = block(words['forearm'].format(words[side]), '0 -30 0', [hand])
        return block(words['arm'].format(words[side]), f'{sign}20 50 0', [forearm])

    head = block(words['neck'], '0 50 0', [block(words['head'], '0 10 0', [end('0 20 0')])])
    # Joints in the order: hips, neck, head, right leg 3, left leg 3, right arm 3, left arm 3.
    parts = [head, leg('right', '-'), leg('left', ''), arm('right', '-'), arm('left', '')]
    root = 'CHANNELS 6 Zrotation Xrotation Yrotation Xposition Yposition Zposition'
    text = 'HIERARCHY\n' + block(words['hips'], '0 0 0', parts, 'ROOT', root)
    frames = np.zeros((3, 6 + 3 * 14))
    frames[:, 3] = [0, 30, 30]
    frames[:, 4] = 100  # up

    def column(joint_number, axis):
        return 3 * joint_number + (3 if joint_number else 0) + 'ZXY'.index(axis)

    frames[1, column(6, 'X')] = -90  # left thigh forward
    frames[1, column(7, 'X')] = 90  # left shank down again
    frames[1, column(9, 'Z')] = frames[1, column(9, 'X')] = 90  # right upper arm
    frames[2, column(0, 'Y')] = 90
    rows = '\n'.join(' '.join(f'{value:g}' for value in row) for row in frames)
    return f'{text}MOTION\nFrames: 3\nFrame Time: 0.033333\n{rows}\n'


@pytest.fixture
def tiny_bvh_path(tmp_path):
    need_pybvh()
    path = tmp_path / 'tiny.bvh'
    path.write_text(tiny_bvh())
    return path


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


@pytest.mark.parametrize(
    'words',
    [
        dict(hips='mixamorig:Hips', upleg='mixamorig:{}UpLeg', hand='mixamorig:{}Hand'),
        dict(upleg='{}Hip', leg='{}Knee', foot='{}Ankle', arm='{}Shoulder', forearm='{}Elbow', hand='{}Wrist'),
        dict(upleg='{}Thigh', leg='{}Shin', arm='{}Shldr', right='r', left='l'),
        dict(upleg='thigh_{}', leg='calf_{}', foot='foot_{}', arm='upperarm_{}', forearm='lowerarm_{}', hand='hand_{}')
        | dict(right='r', left='l', neck='neck_01', head='head'),
        dict(upleg='thigh.{}', leg='shin.{}', foot='foot.{}', arm='upper_arm.{}', forearm='forearm.{}')
        | dict(hand='hand.{}', right='R', left='L'),
        dict(upleg='{}femur', leg='{}tibia', arm='{}humerus', forearm='{}radius', hand='{}wrist')
        | dict(foot='{}foot', right='r', left='l', neck='lowerneck'),
    ],
)
def test_bvh_names_of_many_rigs(tiny_bvh_path, words):
    expected = read_bvh(tiny_bvh_path).positions_m
    tiny_bvh_path.write_text(tiny_bvh(words))
    np.testing.assert_array_equal(read_bvh(tiny_bvh_path).positions_m, expected)


@pytest.mark.parametrize(
    'words',
    [
        dict(hips='Bip01', neck='Bip01 Neck', head='Bip01 Head', upleg='Bip01 {} Thigh', leg='Bip01 {} Calf')
        | dict(foot='Bip01 {} Foot', arm='Bip01 {} UpperArm', forearm='Bip01 {} Forearm', hand='Bip01 {} Hand')
        | dict(right='R', left='L'),
        dict(hips='Bip001_Hips', neck='Bip001_Neck', upleg='Bip001_{}UpLeg'),
        dict(hips='Hips {', upleg='{} Up\tLeg {{', foot='{} Foot  '),  # the brace behind the name
    ],
)
def test_bvh_names_with_spaces_and_of_bipeds(tiny_bvh_path, words):
    expected = read_bvh(tiny_bvh_path).positions_m
    text = tiny_bvh(words).replace('{\n{', '{')
    for content in (text, text.replace('\n', '\r\n')):
        tiny_bvh_path.write_bytes(content.encode())
        np.testing.assert_array_equal(read_bvh(tiny_bvh_path).positions_m, expected)


def test_bvh_names_with_spaces_are_mapped_whole(tiny_bvh_path):
    expected = read_bvh(tiny_bvh_path).positions_m
    words = dict(hips='The hips', neck='C 7', upleg='Rig {} upper  part', hand='Rig {} end', head='Rig top')
    tiny_bvh_path.write_text(tiny_bvh(words))
    with pytest.raises(
        DataError, match="no joint for R_Hip.* found 'The hips', 'C 7', 'Rig top', 'Rig Right upper  part'"
    ):
        read_bvh(tiny_bvh_path)
    named = {'Neck': 'C 7', 'R_Hip': 'Rig Right upper  part', 'L_Hip': 'Rig Left upper  part', 'Head': 'Rig top'}
    named |= {'R_Wrist': 'Rig Right end', 'L_Wrist': 'Rig Left end'}
    found = read_bvh(tiny_bvh_path, joint_names=named).positions_m
    body = [number for name, number in JOINTS.items() if name != 'Head']  # a joint that is named is taken as it is
    np.testing.assert_array_equal(found[:, body], expected[:, body])
    tiny_bvh_path.write_text(tiny_bvh(words).replace('-90', 'nan'))
    with pytest.raises(DataError, match="an angle of 'Rig Left upper  part' is not a finite number"):
        read_bvh(tiny_bvh_path, joint_names=named)
    tiny_bvh_path.write_text(tiny_bvh(words).replace('OFFSET -10 0 0', 'OFFSET -10 0'))
    with pytest.raises(DataError, match='of the joint Rig Right upper  part, at line'):
        read_bvh(tiny_bvh_path, joint_names=named)


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


def test_bvh_names_that_are_not_understood(tiny_bvh_path):
    expected = read_bvh(tiny_bvh_path).positions_m
    tiny_bvh_path.write_text(tiny_bvh(dict(neck='C7', upleg='{}Oberschenkel')))
    with pytest.raises(DataError, match="tiny.bvh: no joint for R_Hip; .* found 'Hips', 'C7', 'Head', 'RightOber"):
        read_bvh(tiny_bvh_path)
    named = {'R_Hip': 'RightOberschenkel', 'L_Hip': 'LeftOberschenkel'}
    with pytest.raises(DataError, match='no joint for Neck'):
        read_bvh(tiny_bvh_path, joint_names=named)
    named['Neck'] = 'C7'
    np.testing.assert_array_equal(read_bvh(tiny_bvh_path, joint_names=named).positions_m, expected)
    with pytest.raises(DataError, match="no joint for Neck; expected 'C8' as joint_names says"):
        read_bvh(tiny_bvh_path, joint_names=named | {'Neck': 'C8'})
    with pytest.raises(ValueError, match="unknown joint 'Throat'"):
        read_bvh(tiny_bvh_path, joint_names={'Throat': 'C7'})


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


# DeepMimic


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


CHARACTER = {
    'Skeleton': {'Joints': []},
    'BodyDefs': [{'Name': 'neck', 'AttachX': 0.0, 'AttachY': 0.2, 'AttachZ': 0.0}],
}
for _name, _type, _parent, *_place in [
    ('root', 'none', -1, 0, 0, 0),
    ('neck', 'spherical', 0, 0, 0.5, 0),
    ('right_hip', 'spherical', 0, 0, 0, 0.1),
    ('right_knee', 'revolute', 2, 0, -0.45, 0),
    ('right_ankle', 'fixed', 3, 0, -0.45, 0),
    ('left_hip', 'fixed', 0, 0, 0, -0.1),
    ('left_knee', 'fixed', 5, 0, -0.45, 0),
    ('left_ankle', 'fixed', 6, 0, -0.45, 0),
    ('right_shoulder', 'fixed', 0, 0, 0.5, 0.2),
    ('right_elbow', 'fixed', 8, 0, -0.3, 0),
    ('right_wrist', 'fixed', 9, 0, -0.25, 0),
    ('left_shoulder', 'fixed', 0, 0, 0.5, -0.2),
    ('left_elbow', 'fixed', 11, 0, -0.3, 0),
    ('left_wrist', 'fixed', 12, 0, -0.25, 0),
]:
    CHARACTER['Skeleton']['Joints'].append(
        {'Name': _name, 'Type': _type, 'Parent': _parent} | {f'Attach{x}': v for x, v in zip('XYZ', _place)}
    )
HALF = float(np.sqrt(0.5))
CLIP = {
    'Loop': 'none',
    'Frames': [
        [0.05, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0],
        # The root turned by 90 degrees about y, the neck bent by 90 about z, the right knee by -90.
        [0.0, 0.3, 1, 0, HALF, 0, HALF, 0, HALF, 0, 0, HALF, 1, 0, 0, 0, -np.pi / 2],
    ],
}


@pytest.fixture
def tiny_deepmimic(tmp_path):
    for folder in ('characters', 'motions'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'characters' / 'humanoid3d.txt').write_text(json.dumps(CHARACTER))
    path = tmp_path / 'motions' / 'tiny.txt'
    path.write_text(json.dumps(CLIP))
    return path


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


# Kinect and arrays


@pytest.fixture(scope='module')
def positions():
    style = Style(rate_hz=0.8, extent=1.0, phase=0.1, side='right', carriage=0.5)
    performance = Performance(Subject(1.7), 'punch', style, (0.3, 2.2), np.pi, (0.0,) * 6)
    return performance.joints_m(np.arange(12) / 10)


def as_kinect(positions, names=KINECT_JOINTS):
    """A Kinect's joints around HuPR's; those that HuPR lacks are 9, so that a wrong one is seen."""
    joints = np.full((len(positions), len(names), 3), 9.0)
    for index, name in enumerate(JOINT_NAMES):
        side, _, part = name.rpartition('_')
        kinect = 'SpineShoulder' if name == 'Neck' else part + {'R': 'Right', 'L': 'Left', '': ''}[side]
        joints[:, names.index(kinect)] = positions[:, index]
    return joints


@pytest.mark.parametrize('names', [KINECT_JOINTS, MARS_JOINTS])
def test_kinect_joints(positions, names):
    joints = as_kinect(positions, names)
    np.testing.assert_array_equal(from_kinect(joints, 10.0).positions_m, positions)
    # The Kinect's own axes: x to its left, y up, z away from it.
    camera = np.stack([-joints[..., 0], joints[..., 2], joints[..., 1]], axis=-1)
    np.testing.assert_array_equal(from_kinect(camera, 10.0, axes='camera').positions_m, positions)
    with pytest.raises(ValueError, match="axes must be 'world' or 'camera'"):
        from_kinect(joints, axes='depth')
    with pytest.raises(
        DataError, match=r'expected positions \(frames, 25 or 19, 3\) in m, found float64 \(12, 17, 3\)'
    ):
        from_kinect(joints[:, :17])


@pytest.mark.parametrize('names', [KINECT_JOINTS, MARS_JOINTS])
def test_kinect_table(tmp_path, positions, names):
    path = tmp_path / 'take.csv'
    table = as_kinect(positions, names).reshape(len(positions), -1)
    np.savetxt(path, table, delimiter=',', fmt='%.9f')
    found = read_motion(path, frame_rate_hz=10)
    np.testing.assert_allclose(found.positions_m, positions, atol=1e-8)
    assert found.frame_rate_hz == 10 and found.name == 'take'
    header = ','.join(f'{name}_{axis}' for name in names for axis in 'xyz')
    path.write_text(f'{header}\n{path.read_text()}')
    np.testing.assert_array_equal(read_motion(path, frame_rate_hz=10).positions_m, found.positions_m)


def test_damaged_kinect_table(tmp_path, positions):
    path = tmp_path / 'take.csv'
    rows = [','.join(map(str, row)) for row in as_kinect(positions).reshape(len(positions), -1)]
    for text, message in [
        ('\n'.join([*rows[:3], rows[3][:200]]), r'line 4: expected 75 numbers with commas between, found \d+ columns'),
        ('\n'.join(rows).replace(',', ';'), r'line 1: expected 75 \(25 joints\) or 57 \(19 joints\)'),
        (
            '\n'.join([rows[0], 'nan' + rows[1][rows[1].index(',') :]]),
            "line 2, column 1: expected a number, found 'nan'",
        ),
        ('', 'holds no frames'),
        (rows[0], 'at least 2 frames'),
    ]:
        path.write_text(text)
        with pytest.raises(DataError, match=f'take.csv.*{message}'):
            read_kinect_csv(path)


def test_mars_clips_are_of_the_people_who_made_them():
    path = shared('mars', 'mars_subjects123.npz')
    clips = read_mars(path, subject=2, movement=6, on_error='drop')  # squats
    assert len(clips) > 3
    lowest = []
    for clip in clips:
        assert clip.frame_rate_hz == 10 and len(clip) >= 10
        assert 1.5 < clip.stature_m < 2.0
        lengths = np.median(bone_lengths(clip), axis=1)
        assert lengths.min() > 0.2 and lengths.max() < 0.55
        # They face the radar: the left hip is to the radar's right.
        assert (joint(clip, 'L_Hip') - joint(clip, 'R_Hip'))[:, 0].min() > 0.1
        assert np.median(np.abs(np.abs(clip.heading_rad) - np.pi)) < 0.4
        assert 0.03 < np.median(np.linalg.norm(joint(clip, 'Head') - joint(clip, 'Neck'), axis=-1)) < 0.35
        lowest.append(np.ptp(pelvis(clip)[:, 2]))
    assert max(lowest) > 0.3  # a squat takes the pelvis down
    placed = clips[0].placed((0, 2))
    assert 0.75 < placed.positions_m[0, HIPS, 2].mean() < 1.2


def test_mars_left_arm_is_the_left_one():
    path = shared('mars', 'mars_subjects123.npz')
    for movement, arm, other in ((1, 'L', 'R'), (2, 'R', 'L')):
        clips = read_mars(path, subject=3, movement=movement, split=0, min_frames=60)
        moved = sum(np.array([joint(c, f'{s}_Wrist')[:, 2].std() for s in (arm, other)]) for c in clips)
        assert moved[0] > 2 * moved[1]


def test_mars_clips_follow_the_frame_numbers(tmp_path, positions):
    path = tmp_path / 'few.npz'
    joints = as_kinect(np.concatenate([positions, positions, positions]))
    frame = np.arange(100, 136)
    frame[20:] += 1  # one frame is missing
    labels = dict(
        subject=np.ones(36, np.int8), movement=np.repeat([1, 2, 2], 12).astype(np.int8), split=np.zeros(36, int)
    )
    np.savez(path, joints=joints, frame=frame, **labels)
    clips = read_mars(path, min_frames=2)
    assert [len(clip) for clip in clips] == [12, 8, 16]
    np.testing.assert_array_equal(clips[1].positions_m, positions[:8])
    assert clips[2].name == 'subject 1, movement 2, split 0, frames 121 to 136'
    assert [len(clip) for clip in read_mars(path)] == [12, 16]
    assert [len(clip) for clip in read_mars(path, movement=2)] == [16]
    assert read_mars(path, subject=2) == []

    joints[3, KINECT_JOINTS.index('WristLeft')] += 0.4
    np.savez(path, joints=joints, frame=frame, **labels)
    with pytest.raises(DataError, match='few.npz, subject 1, movement 1, .*left forearm .* in frame 3 '):
        read_mars(path)
    assert [len(clip) for clip in read_mars(path, on_error='drop')] == [16]
    with pytest.raises(DataError, match="no array 'positions_m'; .*found frame, joints"):
        read_motion(path)
    np.savez(path, joints=joints, frame=frame[:-1], **labels)
    with pytest.raises(DataError, match="expected 'frame' to be whole numbers"):
        read_mars(path)
    del labels['split']
    np.savez(path, joints=joints, frame=frame, **labels)
    with pytest.raises(DataError, match="no array 'split'"):
        read_mars(path)


def test_most_mars_clips_hold_the_tolerance():
    path = shared('mars', 'mars_subjects123.npz')
    everything = read_mars(path, bone_tolerance=np.inf)
    assert len(everything) > 250
    assert len(read_mars(path, on_error='drop')) >= 0.99 * len(everything)


def test_arrays_come_back(tmp_path, positions):
    np.save(tmp_path / 'plain.npy', positions)
    with pytest.raises(DataError, match='does not say its frame rate'):
        read_motion(tmp_path / 'plain.npy')
    np.testing.assert_array_equal(read_motion(tmp_path / 'plain.npy', frame_rate_hz=10).positions_m, positions)
    motion = MotionSequence(positions, 12.5)
    found = read_motion(write_npz(motion, tmp_path / 'packed.npz'))
    np.testing.assert_array_equal(found.positions_m, positions)
    assert found.frame_rate_hz == 12.5 and found.name == 'packed'
    with pytest.raises(ValueError, match='ends in .npz'):
        write_npz(motion, tmp_path / 'packed.zip')


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ('a pickle was executed',))


def test_pickles_are_not_opened(tmp_path):
    array = np.array([Bomb()] * 3, dtype=object)
    np.save(tmp_path / 'bomb.npy', array)
    np.savez(tmp_path / 'bomb.npz', positions_m=array, frame_rate_hz=30.0)
    for name in ('bomb.npy', 'bomb.npz'):
        with pytest.raises(DataError, match=f'{name} cannot be read'):
            read_arrays(tmp_path / name, frame_rate_hz=30)


def test_arrays_larger_than_their_file(tmp_path, positions):
    path = tmp_path / 'large.npy'
    np.save(path, positions)
    content = path.read_bytes().replace(b'(12, 14, 3)', b'(9' + b'0' * 11 + b', 14, 3)')
    path.write_bytes(content)
    with pytest.raises(DataError, match='cannot be read as .npy'):
        read_arrays(path, frame_rate_hz=10)
    with zipfile.ZipFile(tmp_path / 'large.npz', 'w') as archive:
        archive.write(path, 'positions_m.npy')
    with pytest.raises(DataError, match='no array'):
        read_arrays(tmp_path / 'large.npz')
    with zipfile.ZipFile(tmp_path / 'large.npz', 'a') as archive:
        np.save(tmp_path / 'rate.npy', 10.0)
        archive.write(tmp_path / 'rate.npy', 'frame_rate_hz.npy')
    with pytest.raises(DataError, match=r'said to be float64 \(9'):
        read_arrays(tmp_path / 'large.npz')


# Whatever the file


def test_files_are_told_by_how_they_begin(tmp_path, tiny_amc, positions):
    nameless = tmp_path / 'take.dat'
    nameless.write_text(TINY_AMC)
    assert len(read_motion(nameless, skeleton=tmp_path / 'tiny.asf')) == 2
    with nameless.open('wb') as file:
        np.save(file, positions)
    assert len(read_motion(nameless, frame_rate_hz=10)) == 12
    nameless.write_text('hello')
    with pytest.raises(DataError, match="expected one of .bvh, .amc, .* begins with b'hello'"):
        read_motion(nameless)
    with pytest.raises(FileNotFoundError, match='no motion at'):
        read_motion(tmp_path / 'none.bvh')
    (tmp_path / 'take.csv').write_text('')
    with pytest.raises(TypeError, match='metres_per_unit'):  # not an option of this kind of file
        read_motion(tmp_path / 'take.csv', metres_per_unit=1)


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


def test_suffixes_in_capitals(tmp_path, positions):
    (tmp_path / '02_01.AMC').write_text(TINY_AMC)
    (tmp_path / '02.ASF').write_text(TINY_ASF)
    (tmp_path / '03.asf').write_text('another')
    assert len(read_motion(tmp_path / '02_01.AMC')) == 2
    with (tmp_path / 'a.NPY').open('wb') as file:
        np.save(file, positions)
    write_npz(MotionSequence(positions, 10), tmp_path / 'b.npz').rename(tmp_path / 'b.NPZ')
    assert len(read_motion(tmp_path / 'a.NPY', frame_rate_hz=10)) == len(read_motion(tmp_path / 'b.NPZ')) == 12
    table = as_kinect(positions).reshape(len(positions), -1)
    (tmp_path / 'c.CSV').write_text('\n'.join(','.join(map(str, row)) for row in table))
    assert len(read_motion(tmp_path / 'c.CSV')) == 12
    (tmp_path / 'body.json').write_text(json.dumps(CHARACTER))
    (tmp_path / 'd.TXT').write_text(json.dumps(CLIP))
    assert len(read_motion(tmp_path / 'd.TXT', skeleton=tmp_path / 'body.json')) > 1


def damaged(content, changes, cut):
    """Some words exchanged for others, some bytes for others, the end cut off."""
    words = content.split(b' ')
    for place, word, byte in changes:
        if word:
            words[place % len(words)] = word
        else:
            whole = bytearray(b' '.join(words))
            whole[place % len(whole)] = byte
            words = bytes(whole).split(b' ')
    whole = b' '.join(words)
    return whole[: len(whole) - cut]


WORDS = st.sampled_from(
    [
        b'',
        b'nan',
        b'inf',
        b'-1',
        b'0',
        b'1e308',
        b'1e-320',
        b'9' * 400,
        b'}',
        b'{',
        b'\n',
        b'[',
        b'null',
        b'root',
        b'x\n2\n',
    ]
)
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), WORDS, st.integers(0, 255)), max_size=4)
CUTS = st.one_of(st.just(0), st.integers(0, 3000))


def reads_or_says_why(path, **options):
    try:
        found = read_motion(path, **options)
    except (DataError, FileNotFoundError) as error:
        assert str(path.parent) in str(error)
        return
    assert isinstance(found, MotionSequence) and np.isfinite(found.joints_m(np.array([found.duration_s / 2]))).all()


@FUZZ
@given(changes=CHANGES, cut=CUTS)
def test_any_bvh(tmp_path, changes, cut):
    need_pybvh()
    path = tmp_path / 'fuzz.bvh'
    path.write_bytes(damaged(tiny_bvh().encode(), changes, cut))
    reads_or_says_why(path)


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


@FUZZ
@given(changes=CHANGES, cut=CUTS)
def test_any_kinect_table(tmp_path, positions, changes, cut):
    path = tmp_path / 'fuzz.csv'
    table = as_kinect(positions).reshape(len(positions), -1)
    content = '\n'.join(', '.join(map(str, row)) for row in table).encode()
    path.write_bytes(damaged(content, changes, cut))
    reads_or_says_why(path)


@FUZZ
@given(
    changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=4), cut=CUTS, zipped=st.booleans()
)
def test_any_arrays(tmp_path, positions, changes, cut, zipped):
    path = tmp_path / ('fuzz.npz' if zipped else 'fuzz.npy')
    if zipped:
        write_npz(MotionSequence(positions, 10), path)
    else:
        np.save(path, positions)
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place % 400 if place % 2 else place % len(content)] = value
    path.write_bytes(content[: len(content) - cut])
    reads_or_says_why(path, frame_rate_hz=10)


@FUZZ
@given(
    content=st.binary(max_size=600), suffix=st.sampled_from(['.bvh', '.amc', '.txt', '.csv', '.npy', '.npz', '.dat'])
)
def test_any_bytes(tmp_path, content, suffix):
    need_pybvh()
    (tmp_path / 'fuzz.asf').write_bytes(content)
    path = tmp_path / f'fuzz{suffix}'
    path.write_bytes(content)
    options = {'frame_rate_hz': 10} if suffix in ('.npy', '.npz') else {}
    reads_or_says_why(path, **options)
