# Six scans, summed: the paper's "w/o STMM".
_base_ = '../glsmamba_base_posetrack17.py'

model = dict(neck=dict(merge='sum'))
