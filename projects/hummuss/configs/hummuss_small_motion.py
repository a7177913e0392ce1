# A bidirectional HumMUSS, small enough to learn procedural motions within minutes on two CPU cores.
_base_ = '_base_/motion_lifting.py'

model = dict(
    type='HumMUSSLifter',
    backbone=dict(type='HumMUSS', num_joints='${num_joints}', in_channels=3, embed_dims=64, depth=2),
)
