# HuPR's network small enough for minutes on two CPU cores, beside millimamba_tiny_simhupr.py: the same simulated set,
# 3D heatmaps (and their cache), optimizer and number of steps, so that only the networks differ. All of it is ours:
# four frames (three cannot be halved twice), a quarter of the channels, maps of 32 x 32 from the start. A heatmap cell
# is then 8 px; the Gaussian is one cell wide, as many px as HuPR's, and maxima are looked for between cells.
_base_ = '../millimamba_tiny_simhupr.py'

num_frames = 4
dataset = dict(num_frames=num_frames)
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)

model = dict(
    _delete_=True,
    type='RadarPoseEstimator',
    data_preprocessor=dict(type='RadarPoseDataPreprocessor'),
    backbone=dict(
        type='HuPREncoder',
        num_frames=num_frames,
        num_views=2,
        input_size=(64, 64),  # angle, range
        stem=dict(in_channels=2, channels=8, stride=2),
    ),
    head=dict(
        type='HuPRHead',
        num_keypoints=14,
        channels=8,
        codec=dict(type='HeatmapCodec', heatmap_size=(32, 32), sigma=1, subcell=True),
        losses=dict(
            heatmap=dict(type='BCELoss', use_target_weight=True),
            refined=dict(type='BCELoss', use_target_weight=True),
        ),
    ),
)
