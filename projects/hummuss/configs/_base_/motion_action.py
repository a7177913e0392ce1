# Data sets, classes and training of the small models of actions. Motions, cameras, noise, sizes and training length are
# our choice. Runs without any files: the motions are procedural.
_base_ = [
    '../../../../configs/_base_/default_runtime.py',
    '../../../../configs/_base_/schedules/one_cycle.py',
]
custom_imports = dict(imports=['hummuss'], allow_failed_imports=False)

num_frames = 27
frame_rate_hz = 10.0
clip_s = 2.6  # one window
num_workers = 1
batch_size = 32

dataset = dict(
    type='MotionActionDataset',
    num_frames='${num_frames}',
    frame_rate_hz='${frame_rate_hz}',
    clip_s='${clip_s}',
    camera=dict(type='around'),  # anywhere around the person
    noise_px=5.0,
    joint_dropout=0.05,
    dropout_s=0.2,
)
loader = dict(batch_size='${batch_size}', num_workers='${num_workers}', persistent_workers=True)
test_loader = dict(**loader, sampler=dict(type='DefaultSampler', shuffle=False, round_up=False))
train_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**dataset, split='train', fresh=True),
)
# Other people, or at least other cameras, than in the test
val_dataloader = dict(**test_loader, dataset=dict(**dataset, split='test', seed=1, test_mode=True))
test_dataloader = dict(**test_loader, dataset=dict(**dataset, split='test', seed=2, test_mode=True))

model = dict(
    type='HumMUSSActionRecognizer',
    backbone=dict(type='HumMUSS', num_joints=14, in_channels=3, embed_dims=64, depth=2),
)

optim_wrapper = dict(optimizer=dict(lr=1e-3))
auto_scale_lr = dict(base_batch_size=32, enable=False)
visualizer = None  # nothing draws its samples
# The last epoch is tested
default_hooks = dict(checkpoint=dict(save_best=None, max_keep_ckpts=1))
