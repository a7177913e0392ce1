# Six scans, summed in place of STMM.
_base_ = '../glsmamba_small_synthetic.py'

model = dict(neck=dict(merge='sum'))
