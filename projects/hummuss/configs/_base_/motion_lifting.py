# Data set, metrics and training shared by all models. Runs without any files: the motions are procedural.
# Motions, cameras, noise and training length are our choice; optimiser and weight decay are MotionBERT's.
_base_ = [
    '../../../../configs/_base_/default_runtime.py',
    '../../../../configs/_base_/schedules/one_cycle.py',
]
custom_imports = dict(imports=['hummuss'], allow_failed_imports=False)

num_joints = 14
num_frames = 81
frame_rate_hz = 30.0
clip_s = 12.0
motions = None  # all
routines = False  # one motion a clip
varied = False
camera = dict(type='around')  # anywhere around the person
noise_px = 5.0
noise_correlation_s = 0.0
joint_dropout = 0.05
flip_prob = 0.0  # in training

batch_size = 16
num_workers = 1

dataset = dict(
    type='MotionLiftingDataset',
    num_frames='${num_frames}',
    frame_rate_hz='${frame_rate_hz}',
    clip_s='${clip_s}',
    motions='${motions}',
    routines='${routines}',
    varied='${varied}',
    camera='${camera}',
    noise_px='${noise_px}',
    noise_correlation_s='${noise_correlation_s}',
    joint_dropout='${joint_dropout}',
    dropout_s=0.2,
)
loader = dict(batch_size='${batch_size}', num_workers='${num_workers}', persistent_workers=True)
train_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**dataset, split='train', num_clips=336, fresh=True, flip_prob='${flip_prob}'),
)
# Not the people of training or test, as the checkpoint is chosen by these.
val_loader = dict(**loader, sampler=dict(type='DefaultSampler', shuffle=False))
val_dataloader = dict(**val_loader, dataset=dict(**dataset, split='test', num_clips=42, seed=1))
test_dataloader = dict(**val_loader, dataset=dict(**dataset, split='test', num_clips=105, seed=2))
val_evaluator = dict(type='MotionLiftingMetric', per_action=False)
test_evaluator = dict(type='MotionLiftingMetric')

max_epochs = 6
# One cycle because the training is so short; MotionBERT's schedule is 2e-4, times 0.99 per epoch.
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(val_interval=2)
auto_scale_lr = dict(base_batch_size=16, enable=False)

visualizer = dict(type='LiftingVisualizer')
default_hooks = dict(checkpoint=dict(interval=1, max_keep_ckpts=1, save_best='lifting/MPJPE', rule='less'))
