# milliMamba at the paper's input, T = 9 and two radars of 64 x 8 x 256. The paper states 4.0M parameters and 34.4 GMACs
# and leaves the widths open. These widths are our choice and give both figures, which tools/analysis_tools/get_flops.py
# prints.
model = dict(
    type='RadarPoseEstimator',
    data_preprocessor=dict(type='RadarPoseDataPreprocessor'),
    backbone=dict(
        type='CVMamba',
        num_frames='${num_frames}',
        num_views='${len(views)}',
        input_size=('${num_angle}', '${range_bins[1] - range_bins[0]}'),
        stem=dict(in_channels=2, channels=(16, 16, 24, 128), strides=(1, 2, 2)),
        mixer=dict(type='SequenceMixer', num_layers=4, layer=dict(type='VisionMambaLayer', expand=2, d_state=16)),
    ),
    head=dict(
        type='STCAHead',
        num_keypoints='${num_keypoints}',
        num_frames='${num_frames}',
        embed_dims='${model.backbone.stem.channels[3]}',
        num_layers=6,
        num_heads=8,
        feedforward_ratio=4,
        # L = L_oks + 0.05 L_vel, velocities in px (the unit is our choice)
        losses=dict(oks=dict(type='OKSLoss'), velocity=dict(type='VelocityLoss', loss_weight=0.05)),
    ),
)
