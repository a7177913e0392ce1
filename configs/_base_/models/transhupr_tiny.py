# TransHuPR as far as it is known, small enough to train within minutes on two CPU cores, with the stem of
# millimamba_tiny.py. The sizes are our choice.
_base_ = 'transhupr.py'

model = dict(
    backbone=dict(
        stem=dict(channels=(8, 16, 32, 48), strides=(2, 2, 1)), num_layers=2, num_fusion_layers=1, num_heads=4
    ),
    head=dict(num_layers=2),
)
