# The causal model on Human3.6M, without a flip test, as streams have none. Not run on the data itself.
_base_ = 'hummuss_h36m.py'

model = dict(backbone=dict(causal=True), test_cfg=dict(flip_test=False))
