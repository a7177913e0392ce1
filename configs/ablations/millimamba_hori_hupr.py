# The paper's row of one radar: `hori` alone.
_base_ = '../millimamba_hupr.py'

dataset = dict(views=('hori',))
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
model = dict(backbone=dict(num_views=1))
