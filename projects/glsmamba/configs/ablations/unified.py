# The unified scan alone.
_base_ = '../glsmamba_small_synthetic.py'

model = dict(neck=dict(directions='unified'))
