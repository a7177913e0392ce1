# Meshes of bodies of random shape that perform procedural motions, from 2D joints. Runs without any files, but needs the
# package anny, see the README. Sizes, losses' weights, motions and training length are our choice.
_base_ = '_base_/motion_lifting.py'

body_model = dict(type='AnnyBody')
num_frames = 27
frame_rate_hz = 10.0
# Trained and validated with these motions; the test is with the others.
motions = [
    *('stand', 'march', 'squat', 'raise_arms_sideways', 'raise_arms_forward', 'raise_one_arm', 'punch', 'side_lunge'),
    *('bow', 'stand_still', 'walk', 'walk_to_and_fro', 'turn', 'front_lunge', 'swing_arms'),
]
unseen_motions = ['wave_hand', 'kick', 'twist', 'run_in_place', 'sit_down', 'circle_arms']
batch_size = 32

mesh = dict(type='MeshRecoveryDataset', body_model='${body_model}')
train_dataloader = dict(dataset=dict(**mesh, num_clips=330))
val_dataloader = dict(dataset=dict(**mesh, num_clips=30))
test_dataloader = dict(dataset=dict(**mesh, motions='${unseen_motions}', num_clips=60))

model = dict(
    type='HumMUSSMeshRecoverer',
    backbone=dict(type='HumMUSS', num_joints='${num_joints}', in_channels=3, embed_dims=64, depth=2),
    head=dict(type='MeshHead', body_model='${body_model}', hidden_channels=256),
    vertex_weight=5.0,
)

val_evaluator = dict(_delete_=True, type='MeshRecoveryMetric', body_model='${body_model}', every=9)
test_evaluator = dict(_delete_=True, type='MeshRecoveryMetric', body_model='${body_model}', every=9)
visualizer = dict(_delete_=True, type='MeshVisualizer', body_model='${body_model}')

max_epochs = 12
train_cfg = dict(val_interval=4)
default_hooks = dict(checkpoint=dict(save_best='mesh/MPVE', rule='less'))
