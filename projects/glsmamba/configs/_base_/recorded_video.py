# GLSMamba with a frozen ViTPose-B, and the paper's recipe, shared by all configurations on recorded video.
# The paper gives: 5 frames, a frozen COCO ViTPose, maps of a quarter of the image, AdamW with 1e-4, 1e-5 from epoch 6
# and 1e-6 from epoch 12, 20 epochs, random rotation, scale, crop and flip, MSE. Everything else is our choice.
# An inheriting configuration sets data_root, train_annotations and val_annotations (below data_root), and the type of
# its data sets.
_base_ = ['../../../../configs/_base_/default_runtime.py']
custom_imports = dict(imports=['glsmamba'], allow_failed_imports=False)

num_frames = 5
num_keypoints = 17
codec = dict(type='UDPHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)

load = [dict(type='LoadClip'), dict(type='GetBBoxCenterScale')]
crop = dict(type='TopdownAffine', input_size='${codec.input_size}', use_udp=True)
train_pipeline = [
    *load,
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),  # our choice for the paper's cropping
    dict(type='RandomBBoxTransform', shift_prob=0.0, scale_factor=(0.65, 1.35), rotate_factor=45),  # our ranges
    crop,
    dict(type='GenerateTarget', encoder='${codec}'),
    dict(type='PackClipInputs'),
]
test_pipeline = [*load, crop, dict(type='PackClipInputs')]

batch_size = 8  # our choice
num_workers = 4
dataset = dict(data_root='${data_root}', num_frames='${num_frames}')
loader = dict(batch_size='${batch_size}', num_workers='${num_workers}', persistent_workers=True)
train_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**dataset, ann_file='${train_annotations}', pipeline='${train_pipeline}'),
)
val_dataloader = dict(
    **loader,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(**dataset, ann_file='${val_annotations}', test_mode=True, pipeline='${test_pipeline}'),
)
test_dataloader = '${val_dataloader}'
test_evaluator = '${val_evaluator}'

# mmpose's ViTPose-B of COCO, as downloaded: its encoder, and the deconvolutions of its head, whose weights have names
# that begin with vitpose_head; in checkpoints of ViTPose's own release with 'keypoint_head.'.
vitpose_head = 'head.'
vitpose = 'data/vitpose/td-hm_ViTPose-base_8xb64-210e_coco-256x192-216eae50_20230314.pth'
model = dict(
    type='VideoTopdownPoseEstimator',
    data_preprocessor=dict(type='VideoPoseDataPreprocessor', num_frames='${num_frames}'),
    backbone=dict(
        type='PlainViT',
        arch='base',
        img_size=('${codec.input_size[1]}', '${codec.input_size[0]}'),
        patch_size=16,
        patch_padding=2,
        init_cfg=dict(type='Pretrained', checkpoint='${vitpose}', prefix='backbone.'),
    ),
    upsampling=dict(
        type='Deconvolutions',
        in_channels=768,
        out_channels=(256, 256),
        init_cfg=dict(type='Pretrained', checkpoint='${vitpose}', prefix='${vitpose_head}'),
    ),
    neck=dict(type='GLSMamba', in_channels=256, num_frames='${num_frames}'),
    head=dict(
        type='HeatmapHead',
        in_channels=256,
        out_channels='${num_keypoints}',
        deconv_out_channels=None,
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder='${codec}',
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False),
)

max_epochs = 20
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.01))
param_scheduler = [dict(type='MultiStepLR', milestones=[6, 12], gamma=0.1, by_epoch=True)]
train_cfg = dict(by_epoch=True, max_epochs='${max_epochs}', val_interval=5)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=8, enable=False)
visualizer = dict(type='ClipPoseVisualizer')
# Keep the last epoch: the only data to select a best epoch by would be the test data.
default_hooks = dict(checkpoint=dict(save_best=None, max_keep_ckpts=1))
