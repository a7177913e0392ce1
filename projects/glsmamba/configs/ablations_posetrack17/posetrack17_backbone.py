# Neither GSM nor LRM, the paper's "backbone only": projection and head on the frozen features of the key frame.
_base_ = '../glsmamba_base_posetrack17.py'

model = dict(neck=dict(num_gsm=0, num_lrm=0))
