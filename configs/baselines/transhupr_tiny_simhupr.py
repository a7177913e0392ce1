# TransHuPR as far as it is known, small enough to train within minutes on two CPU cores, for comparison with
# millimamba_tiny_simhupr.py: data, window, stem, optimizer and number of steps are the same, so that only the networks
# differ. The sizes are our choice.
_base_ = ['../_base_/on_windows.py', '../_base_/models/transhupr.py']

num_frames = 3
model = dict(
    backbone=dict(
        stem=dict(channels=(8, 16, 32, 48), strides=(2, 2, 1)), num_layers=2, num_fusion_layers=1, num_heads=4
    ),
    head=dict(num_layers=2),
)
