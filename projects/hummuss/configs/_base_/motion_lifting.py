# The runnable data set, metrics and training, shared by all models: people's motions without any files.
# Motions, cameras and noise are ours, as is the length of the training; optimiser and decay are MotionBERT's.
_base_ = [
    '../../../../configs/_base_/default_runtime.py',
    '../../../../configs/_base_/schedules/one_cycle.py',
]
custom_imports = dict(imports=['hummuss'], allow_failed_imports=False)

num_joints = 14
num_frames = 81
frame_rate_hz = 30.0
clip_s = 12.0

dataset = dict(
    type='MotionLiftingDataset',
    num_frames=num_frames,
    frame_rate_hz=frame_rate_hz,
    clip_s=clip_s,
    noise_px=5.0,
    joint_dropout=0.05,
    dropout_s=0.2,
)
train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**dataset, split='train', num_clips=336, fresh=True),
)
# Other people than in training and test: the checkpoint is chosen on these.
val_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**dataset, split='test', num_clips=42, seed=1),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**dataset, split='test', num_clips=105, seed=2),
)
val_evaluator = dict(type='MotionLiftingMetric', per_action=False)
test_evaluator = dict(type='MotionLiftingMetric')

max_epochs = 6
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=1.0),
    # The step size and the poles of the state-space models want smaller steps and no decay. Transformers have none.
    paramwise_cfg=dict(custom_keys={'.ssm.': dict(lr_mult=0.5, decay_mult=0.0)}),
)
# One cycle because the training is so short; MotionBERT's schedule is 2e-4, times 0.99 an epoch.
param_scheduler = dict(eta_max=1e-3, total_steps=max_epochs)
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=2)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=16, enable=False)

visualizer = dict(type='LiftingVisualizer')
default_hooks = dict(checkpoint=dict(interval=1, max_keep_ckpts=1, save_best='lifting/MPJPE', rule='less'))
