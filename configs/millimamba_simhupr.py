# The main configuration, full size, on the simulated set: python tools/simulate.py data/simhupr
_base_ = 'millimamba_hupr.py'

dataset = dict(data_root='data/simhupr/', sequences=None)
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)
