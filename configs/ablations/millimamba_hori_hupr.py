# Table 7 of the paper (radars), row of the horizontal one alone. The numbers of that table are TransHuPR's.
_base_ = '../millimamba_hupr.py'

dataset = dict(views=('hori',))
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
model = dict(backbone=dict(num_views=1))
