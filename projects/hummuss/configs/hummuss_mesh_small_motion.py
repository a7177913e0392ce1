# Meshes of bodies of random shape that perform procedural motions, from 2D joints. Needs the package anny, see the
# README. Sizes, weights of losses, motions and training length are our choice.
_base_ = '_base_/motion_lifting.py'

body_model = dict(type='AnnyBody')
num_frames = 27
frame_rate_hz = 10.0
clip_s = 2.6  # one window
# Trained and validated with these motions; the test is with the others.
motions = [
    *('stand', 'march', 'squat', 'raise_arms_sideways', 'raise_arms_forward', 'raise_one_arm', 'punch', 'side_lunge'),
    *('bow', 'stand_still', 'walk', 'walk_to_and_fro', 'turn', 'front_lunge', 'swing_arms'),
]
unseen_motions = ['wave_hand', 'kick', 'twist', 'run_in_place', 'sit_down', 'circle_arms']

mesh = dict(type='MeshRecoveryDataset', body_model='${body_model}')
train_dataloader = dict(dataset=dict(**mesh, num_clips=480))
val_dataloader = dict(dataset=dict(**mesh, num_clips=60))
test_dataloader = dict(dataset=dict(**mesh, motions='${unseen_motions}', num_clips=120))

model = dict(
    type='HumMUSSMeshRecoverer',
    backbone=dict(type='HumMUSS', num_joints='${num_joints}', in_channels=3, embed_dims=64, depth=2),
    head=dict(type='MeshHead', body_model='${body_model}', hidden_channels=256),
    vertex_weight=5.0,
)

# Three frames of each window: neighbouring ones look alike, and meshes take their time.
val_evaluator = dict(_delete_=True, type='MeshRecoveryMetric', body_model='${body_model}', every=9)
test_evaluator = dict(_delete_=True, type='MeshRecoveryMetric', body_model='${body_model}', every=9)
visualizer = dict(_delete_=True, type='MeshVisualizer', body_model='${body_model}')

max_epochs = 12
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(val_interval=4)
default_hooks = dict(checkpoint=dict(save_best='mesh/MPVE', rule='less'))
