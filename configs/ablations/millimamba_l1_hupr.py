# Not in the paper: an L1 loss instead of the OKS loss; its weight is our choice. The velocity loss stays.
_base_ = '../millimamba_hupr.py'

model = dict(head=dict(losses=dict(oks=None, l1=dict(type='KeypointL1Loss', loss_weight=5.0))))
