# The paper's row of a plain Transformer decoder that predicts the central frame alone.
_base_ = '../millimamba_hupr.py'

model = dict(head=dict(type='KeyFrameHead'))
