# Actions of NTU RGB+D from its skeletons, cross-subject (X-Sub).
# Not run on the data itself, which must be requested from its authors; tests train it for two iterations on files in
# its format. MotionBERT's recipe for actions, assumed to be the paper's. Published results use HRNet's 2D joints.
_base_ = ['../../../configs/_base_/default_runtime.py']
custom_imports = dict(imports=['hummuss'], allow_failed_imports=False)

protocol = 'xsub'
num_frames = 243
max_epochs = 300

model = dict(
    type='HumMUSSActionRecognizer',
    # 16.7M parameters; the paper has 16M
    backbone=dict(type='HumMUSS', num_joints=25, in_channels=3, embed_dims=256, depth=5),
    head=dict(type='ActionHead', num_classes=60),
    label_smoothing=0.1,
)

dataset = dict(
    type='NTURGBDSkeletonDataset',
    data_root='data/ntu_rgbd/nturgb+d_skeletons/',
    protocol='${protocol}',
    num_frames='${num_frames}',
)
loader = dict(batch_size=32, num_workers=4, persistent_workers=True)
train_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**dataset, split='train', random_move=True),
)
val_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(**dataset, split='test', test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='ActionAccuracy')
test_evaluator = val_evaluator

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.01),
    # As in MotionBERT, the head has ten times the learning rate of the backbone
    paramwise_cfg=dict(custom_keys={'.ssm.': dict(lr_mult=0.5), 'head.': dict(lr_mult=10.0)}),
)
param_scheduler = [dict(type='ExponentialLR', gamma=0.99, by_epoch=True)]
train_cfg = dict(by_epoch=True, max_epochs='${max_epochs}', val_interval=10)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=32, enable=False)
visualizer = None  # nothing draws its samples
# Evaluate the last epoch: there is only the test set to choose a checkpoint by.
default_hooks = dict(checkpoint=dict(save_best=None, max_keep_ckpts=1))
