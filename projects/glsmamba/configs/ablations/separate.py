# Separate S6 weights for each of the six directions.
_base_ = 'full.py'

model = dict(neck=dict(scan_weights='separate'))
