# A milliMamba for two CPU cores, ours. What differs from the paper's:
# - a crop of range around the person: place and pose apart
# - each frame goes through 2D convolutions once, with Doppler bins as channels; there, 3D convolutions over frames, and
#   Doppler is pooled
# - a token is a whole map; there, a cell of one
# - queries begin with what their frame's tokens say; there, alike for all windows
# - an L1 loss beside OKS, and no velocity loss
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
