# A milliMamba narrow and shallow enough to learn within minutes on two CPU cores. It has an L1 loss in addition to the
# OKS loss, whose gradient vanishes far from the truth.
_base_ = 'millimamba.py'

model = dict(
    backbone=dict(
        stem=dict(channels=(8, 16, 32, 48), strides=(2, 2, 1)),
        mixer=dict(num_layers=2, layer=dict(d_state=8)),
    ),
    head=dict(num_layers=2, num_heads=4, losses=dict(l1=dict(type='KeypointL1Loss', loss_weight=5.0))),
)
