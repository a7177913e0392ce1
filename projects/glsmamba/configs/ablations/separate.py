# S6 weights of its own for each of the six directions.
_base_ = '../glsmamba_small_synthetic.py'

model = dict(neck=dict(scan_weights='separate'))
