# mm-Pose on the heatmaps of two radars, our reading, see docs/open_choices.md. A branch sees the largest magnitude over
# Doppler and the bin in which it lies, of the key frame alone. There is an L1 loss in addition to the OKS loss, whose
# gradient vanishes far from the truth.
model = dict(
    type='RadarPoseEstimator',
    data_preprocessor=dict(type='RadarPoseDataPreprocessor'),
    backbone=dict(
        type='ForkedCNN',
        num_frames='${num_frames}',
        num_views='${len(views)}',
        input_size=('${num_angle}', '${range_bins[1] - range_bins[0]}'),
        key_frame='${key_frame}',
        strongest_bin=True,
        channels=(16, 32, 64),
        strides=(2, 2, 2),
        conv_dropout=0.2,
        hidden=(512, 256, 128),
        hidden_dropout=0.3,
    ),
    head=dict(
        type='LinearHead',
        num_keypoints='${num_keypoints}',
        in_features='${model.backbone.hidden[2]}',
        losses=dict(oks=dict(type='OKSLoss'), l1=dict(type='KeypointL1Loss', loss_weight=5.0)),
    ),
)
