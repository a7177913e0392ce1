# The demo's milliMamba with GLSMamba's blocks in its encoder: one GSM and one LRM block, which scan as many channels
# as the demo's two Vision Mamba layers.
_base_ = '../../../configs/millimamba_tiny_simhupr.py'
custom_imports = dict(imports=['glsmamba'], allow_failed_imports=False)

model = dict(
    backbone=dict(
        _delete_=True,
        type='GLSMambaEncoder',
        num_frames='${num_frames}',
        num_views='${len(views)}',
        input_size=('${num_angle}', '${range_bins[1] - range_bins[0]}'),
        stem=dict(in_channels=2, channels=(8, 16, 32, 48), strides=(2, 2, 1)),
        num_gsm=1,
        num_lrm=1,
        s6_cfg=dict(d_state=8),
    )
)
