# Without local refinement: the paper's "+ GSM".
_base_ = '../glsmamba_small_synthetic.py'

model = dict(neck=dict(num_lrm=0))
