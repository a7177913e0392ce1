# HuPR's own network, as in its public code, including how it reads the Doppler axis (`interleaved`).
model = dict(
    type='RadarPoseEstimator',
    data_preprocessor=dict(type='RadarPoseDataPreprocessor'),
    backbone=dict(
        type='HuPREncoder',
        num_frames='${num_frames}',
        num_views='${len(views)}',
        input_size=('${num_angle}', '${range_bins[1] - range_bins[0]}'),
        stem=dict(in_channels=2, channels=32, interleaved=True),
    ),
    head=dict(
        type='HuPRHead',
        num_keypoints='${num_keypoints}',
        channels='${model.backbone.stem.channels}',
        codec=dict(type='HeatmapCodec', heatmap_size=(64, 64), sigma=2),
        losses=dict(
            heatmap=dict(type='BCELoss', use_target_weight=True),
            refined=dict(type='BCELoss', use_target_weight=True),
        ),
    ),
)
