# TransHuPR as far as it is known: frames merged early, a Transformer encoder for each view, attention between views, a
# decoder of the key frame alone. Everything else is our choice, see docs/open_choices.md: widths and depths are
# milliMamba's where it has a counterpart. There is an L1 loss in addition to the OKS loss, whose gradient vanishes far
# from the truth; one frame has no velocities.
model = dict(
    type='RadarPoseEstimator',
    data_preprocessor=dict(type='RadarPoseDataPreprocessor'),
    backbone=dict(
        type='TransHuPREncoder',
        num_frames='${num_frames}',
        num_views='${len(views)}',
        input_size=('${num_angle}', '${range_bins[1] - range_bins[0]}'),
        stem=dict(in_channels=2, channels=(16, 16, 24, 128), strides=(1, 2, 2)),
        frame_merge='convolution',
        num_layers=4,
        num_fusion_layers=2,
        num_heads=8,
        feedforward_ratio=4,
    ),
    head=dict(
        type='KeyFrameHead',
        num_keypoints='${num_keypoints}',
        num_frames='${num_frames}',
        embed_dims='${model.backbone.stem.channels[3]}',
        num_layers=6,
        num_heads='${model.backbone.num_heads}',
        feedforward_ratio=4,
        losses=dict(oks=dict(type='OKSLoss'), l1=dict(type='KeypointL1Loss', loss_weight=5.0)),
    ),
)
