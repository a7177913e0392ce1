# Without global scans; not an ablation of the paper.
_base_ = 'full.py'

model = dict(neck=dict(num_gsm=0))
