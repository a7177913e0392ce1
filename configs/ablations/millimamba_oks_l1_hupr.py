# Not in the paper: an L1 loss in addition to the OKS loss, whose gradient vanishes far from the truth; its weight
# is our choice.
_base_ = '../millimamba_hupr.py'

model = dict(head=dict(losses=dict(l1=dict(type='KeypointL1Loss', loss_weight=5.0))))
