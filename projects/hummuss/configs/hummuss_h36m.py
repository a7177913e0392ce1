# HumMUSS on Human3.6M with mmpose's data set, estimator and head: mmpose's MotionBERT configuration with another
# backbone. MotionBERT's recipe, assumed to be the paper's: 243 frames, stride 81, AdamW 2e-4, times 0.99 per epoch.
# Not run on the data itself, which is licensed; tests train it for two iterations on files in its format. Prepare the
# files as mmpose's documentation says.
_base_ = ['../../../configs/_base_/default_runtime.py']
custom_imports = dict(imports=['hummuss'], allow_failed_imports=False)

num_frames = 243
train_codec = dict(type='MotionBERTLabel', num_keypoints=17, concat_vis=True, mode='train')
val_codec = dict(type='MotionBERTLabel', num_keypoints=17, concat_vis=True, rootrel=True)

model = dict(
    type='PoseLifter',
    backbone=dict(type='HumMUSS', num_joints=17, in_channels=3, embed_dims=256, depth=6),
    head=dict(
        type='MotionRegressionHead',
        in_channels='${model.backbone.embed_dims}',
        out_channels=3,
        embedding_size=512,
        # This project's loss, as mmpose's MPJPEVelocityJointLoss fails with target weights
        loss=dict(type='LiftingLoss'),
        decoder=val_codec,
    ),
    test_cfg=dict(flip_test=True),
)

dataset = dict(
    type='Human36mLiftingDataset',
    data_root='data/h36m/',
    data_prefix=dict(img='images/'),
    camera_param_file='annotation_body3d/cameras.pkl',
    seq_len=1,
    multiple_target='${num_frames}',
)
meta_keys = ('id', 'category_id', 'target_img_path', 'flip_indices', 'factor', 'camera_param')
train_pipeline = [
    dict(type='GenerateTarget', encoder=train_codec),
    dict(
        type='RandomFlipAroundRoot',
        keypoints_flip_cfg=dict(center_mode='static', center_x=0.0),
        target_flip_cfg=dict(center_mode='static', center_x=0.0),
        flip_label=True,
    ),
    dict(type='PackPoseInputs', meta_keys=meta_keys),
]
test_pipeline = [dict(type='GenerateTarget', encoder=val_codec), dict(type='PackPoseInputs', meta_keys=meta_keys)]

loader = dict(batch_size=32, num_workers=2, persistent_workers=True)
train_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        **dataset,
        ann_file='annotation_body3d/fps50/h36m_train.npz',
        multiple_target_step=81,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        **dataset,
        ann_file='annotation_body3d/fps50/h36m_test.npz',
        factor_file='annotation_body3d/fps50/h36m_factors.npy',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
# Sequences whose labels are shifted; other published evaluations leave them out too. mmpose's windows also leave out
# the end of each video, up to 242 frames.
skip_list = ['S9_Greet', 'S9_SittingDown', 'S9_Wait_1', 'S9_Greeting', 'S9_Waiting_1']
# In m; published figures are in mm
val_evaluator = [
    dict(type='MPJPE', mode='mpjpe', skip_list=skip_list),
    dict(type='MPJPE', mode='p-mpjpe', skip_list=skip_list),
]
test_evaluator = val_evaluator

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-4, weight_decay=0.01),
    paramwise_cfg=dict(custom_keys={'.ssm.': dict(lr_mult=0.5)}),
)
param_scheduler = [dict(type='ExponentialLR', gamma=0.99, end=60, by_epoch=True)]
train_cfg = dict(by_epoch=True, max_epochs=60, val_interval=10)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=32, enable=False)
visualizer = None  # nothing draws its samples
# Evaluate the last epoch: there is only the test set to choose a checkpoint by.
default_hooks = dict(checkpoint=dict(save_best=None, max_keep_ckpts=1))
