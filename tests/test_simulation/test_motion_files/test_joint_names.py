import numpy as np
import pytest
from test_simulation.test_motion_files.tiny_files import tiny_bvh

from mmradar.errors import DataError
from mmradar.simulation.motion_files import read_bvh
from mmradar.simulation.skeleton import JOINTS


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
