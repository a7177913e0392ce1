# The paper's row of one radar: `vert` alone.
_base_ = '../millimamba_hupr.py'

dataset = dict(views=('vert',))
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
model = dict(backbone=dict(num_views=1))
