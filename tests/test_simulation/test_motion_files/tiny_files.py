"""A body by hand in each format: its numbers can be followed with a finger."""

import numpy as np

from mmradar.simulation import JOINT_NAMES
from mmradar.simulation.motion_files.kinect import KINECT_JOINTS

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


def as_kinect(positions, names=KINECT_JOINTS):
    """A Kinect's joints around HuPR's; those that HuPR lacks are 9, so that a wrong one is seen."""
    joints = np.full((len(positions), len(names), 3), 9.0)
    for index, name in enumerate(JOINT_NAMES):
        side, _, part = name.rpartition('_')
        kinect = 'SpineShoulder' if name == 'Neck' else part + {'R': 'Right', 'L': 'Left', '': ''}[side]
        joints[:, names.index(kinect)] = positions[:, index]
    return joints
