# Neither global nor local scans: projection and head on the frozen features of the key frame, the paper's "backbone".
_base_ = 'full.py'

model = dict(neck=dict(num_gsm=0, num_lrm=0))
