# Rendered clips, the single-frame network, metrics and training schedule, shared by all small models; needs no files.
# Sizes and lengths are our choice: two CPU cores train them in minutes.
_base_ = [
    '../../../../configs/_base_/default_runtime.py',
    '../../../../configs/_base_/schedules/one_cycle.py',
]
custom_imports = dict(imports=['glsmamba'], allow_failed_imports=False)

num_frames = 5
num_keypoints = 17
# three sigma must be an integer: otherwise mmpose 1.3.2 shifts peaks near the upper and left edge by a pixel
codec = dict(type='UDPHeatmap', input_size=(64, 96), heatmap_size=(16, 24), sigma=1, blur_kernel_size=7)

load = [dict(type='LoadClip'), dict(type='GetBBoxCenterScale')]
finish = [
    dict(type='TopdownAffine', input_size='${codec.input_size}', use_udp=True),
    dict(type='GenerateTarget', encoder='${codec}'),
    dict(type='PackClipInputs'),
]
train_pipeline = [
    *load,
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform', shift_prob=0.0, scale_factor=(0.8, 1.2), rotate_factor=30),
    *finish,
]
test_pipeline = [*load, *finish]

batch_size = 16  # batch_size and num_workers apply to training
num_workers = 1
train_clips = 1280
# clips are rendered in the first epoch of the first training and cached (0.2 MB each) for all others
cache_dir = 'data/synthetic_video'

dataset = dict(
    type='SyntheticVideoPoseDataset',
    num_frames='${num_frames}',
    image_size=(112, 112),
    difficulty='hard',
    around_deg=60,  # people are seen from the front: a network this small would not learn left from right otherwise
    cache_dir='${cache_dir}',
)
train_dataloader = dict(
    batch_size='${batch_size}',
    num_workers='${num_workers}',
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**dataset, split='train', num_clips='${train_clips}', pipeline='${train_pipeline}'),
)
# Validation and test have different people, motions and scenes from training and from each other
val_loader = dict(
    batch_size=16, num_workers=1, persistent_workers=True, sampler=dict(type='DefaultSampler', shuffle=False)
)
val_dataset = dict(**dataset, split='test', pipeline='${test_pipeline}')
val_dataloader = dict(**val_loader, dataset=dict(**val_dataset, num_clips=96, seed=1))
test_dataloader = dict(**val_loader, dataset=dict(**val_dataset, num_clips=320, seed=2))
val_evaluator = [dict(type='PCKAccuracy', thr=0.2), dict(type='PoseTrackAP')]
test_evaluator = val_evaluator

model = dict(
    type='VideoTopdownPoseEstimator',
    data_preprocessor=dict(type='VideoPoseDataPreprocessor', num_frames='${num_frames}'),
    # convolutions learn from few images, a ViT would not: 16 base channels, maps of 1/16 of the image size
    backbone=dict(type='ResNet', depth=18, stem_channels=16, base_channels=16, strides=(1, 2, 2, 1), norm_eval=False),
    upsampling=dict(type='Deconvolutions', in_channels=128, out_channels=(64, 64)),
    head=dict(
        type='HeatmapHead',
        in_channels=64,
        out_channels='${num_keypoints}',
        deconv_out_channels=None,
        loss=dict(type='KeypointMSELoss', use_target_weight=True, loss_weight=100.0),
        decoder='${codec}',
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False),
)

max_epochs = 2
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(val_interval='${max_epochs}')
auto_scale_lr = dict(base_batch_size=16, enable=False)

visualizer = dict(type='ClipPoseVisualizer')
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(interval=1, max_keep_ckpts=1, save_best='posetrack/AP', rule='greater'),
)
