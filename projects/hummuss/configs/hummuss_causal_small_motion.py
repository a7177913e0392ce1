# The causal model, which runs frame by frame.
_base_ = 'hummuss_small_motion.py'

model = dict(backbone=dict(causal=True))
