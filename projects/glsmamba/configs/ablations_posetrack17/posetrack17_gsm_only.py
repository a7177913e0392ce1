# Without local refinement: the paper's "+ GSM".
_base_ = '../glsmamba_base_posetrack17.py'

model = dict(neck=dict(num_lrm=0))
