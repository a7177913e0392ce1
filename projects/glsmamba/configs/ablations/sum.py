# Six scans, summed in place of STMM.
_base_ = 'full.py'

model = dict(neck=dict(merge='sum'))
