# Without local refinement: the paper's "+ GSM".
_base_ = 'full.py'

model = dict(neck=dict(num_lrm=0))
