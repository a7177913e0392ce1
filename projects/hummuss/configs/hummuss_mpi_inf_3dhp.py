# HumMUSS on MPI-INF-3DHP. Not run on the data itself, which must be requested from its authors; tests train it for two
# iterations on files in its format. Annotations by mmpose's preprocess_mpi_inf_3dhp.py.
# MotionBERT's recipe, assumed to be the paper's, as in hummuss_h36m.py; the number of epochs is our choice, as none is
# published.
_base_ = ['../../../configs/_base_/default_runtime.py']
custom_imports = dict(imports=['hummuss'], allow_failed_imports=False)

model = dict(
    type='HumMUSSLifter',
    backbone=dict(type='HumMUSS', num_joints=17, in_channels=3, embed_dims=256, depth=6),
    test_cfg=dict(flip_test=True),
)

dataset = dict(type='MPIINF3DHPDataset', data_root='data/mpi_inf_3dhp/', num_frames=243, frame_rate_hz=25.0)
loader = dict(batch_size=32, num_workers=2, persistent_workers=True)
train_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**dataset, ann_file='annotations/mpi_inf_3dhp_train.npz', stride=81, short='drop', flip_prob=0.5),
)
val_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(**dataset, ann_file='annotations/mpi_inf_3dhp_test_valid.npz', test_mode=True),
)
test_dataloader = val_dataloader
# MPJPE, PCK@150 and AUC as published, and MPJPE by test subject
val_evaluator = dict(type='MotionLiftingMetric', root=[14])
test_evaluator = val_evaluator

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-4, weight_decay=0.01),
    paramwise_cfg=dict(custom_keys={'.ssm.': dict(lr_mult=0.5)}),
)
param_scheduler = [dict(type='ExponentialLR', gamma=0.99, by_epoch=True)]
train_cfg = dict(by_epoch=True, max_epochs=60, val_interval=10)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=32, enable=False)
visualizer = dict(type='LiftingVisualizer')
# Evaluate the last epoch: there is only the test set to choose a checkpoint by.
default_hooks = dict(checkpoint=dict(save_best=None, max_keep_ckpts=1))
