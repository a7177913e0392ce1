# Six scans, summed instead of merged by STMM.
_base_ = 'full.py'

model = dict(neck=dict(merge='sum'))
