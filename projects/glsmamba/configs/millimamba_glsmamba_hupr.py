# milliMamba at the paper's input, with GLSMamba's blocks in its encoder: two GSM and two LRM blocks, which scan as many
# channels as the four Vision Mamba layers.
_base_ = '../../../configs/millimamba_hupr.py'
custom_imports = dict(imports=['glsmamba'], allow_failed_imports=False)

model = dict(
    backbone=dict(
        _delete_=True,
        type='GLSMambaEncoder',
        num_frames='${num_frames}',
        num_views='${len(views)}',
        input_size=('${num_angle}', '${range_bins[1] - range_bins[0]}'),
        stem=dict(in_channels=2, channels=(16, 16, 24, 128), strides=(1, 2, 2)),
        num_gsm=2,
        num_lrm=2,
    )
)
