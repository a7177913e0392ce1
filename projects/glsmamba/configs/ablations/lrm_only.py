# Without global scans; no row of the paper.
_base_ = '../glsmamba_small_synthetic.py'

model = dict(neck=dict(num_gsm=0))
