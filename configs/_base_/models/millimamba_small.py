# A milliMamba for two CPU cores, not in the paper. Differences from the paper's:
# - Range is cropped around the person, which separates place and pose.
# - Each frame goes through 2D convolutions once, with Doppler bins as channels; the paper's stem pools Doppler and
#   convolves over frames too.
# - A token is a whole map instead of a cell of one.
# - Queries depend on their frame's tokens instead of being the same for all windows.
# - There is an L1 loss in addition to OKS, and no velocity loss.
model = dict(
    type='RadarPoseEstimator',
    data_preprocessor=dict(type='RadarPoseDataPreprocessor'),
    backbone=dict(
        type='CVMamba',
        num_frames='${num_frames}',
        num_views='${len(views)}',
        input_size=('${num_angle}', '${range_bins[1] - range_bins[0]}'),
        crop=dict(type='RangeCrop', num_bins=48),
        stem=dict(type='FrameStem', num_doppler='${num_doppler}', channels=(48, 64), kernels=(6, 4), strides=(4, 2)),
        mixer=dict(
            type='FrameMixer',
            out_dims=192,
            num_layers=2,
            layer=dict(type='VisionMambaLayer', expand=2, d_state=8),
        ),
        frame_embedding=False,  # the mixer has its own
    ),
    head=dict(
        type='STCAHead',
        num_keypoints='${num_keypoints}',
        num_frames='${num_frames}',
        token_dims='${model.backbone.mixer.out_dims}',
        tokens_per_frame='${len(views)}',
        embed_dims=64,
        num_layers=1,
        num_heads=4,
        feedforward_ratio=2,
        losses=dict(
            oks=dict(type='OKSLoss'),
            l1=dict(type='KeypointL1Loss', loss_weight=5.0),
        ),
    ),
)
