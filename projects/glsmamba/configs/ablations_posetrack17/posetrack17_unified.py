# The unified scan alone.
_base_ = '../glsmamba_base_posetrack17.py'

model = dict(neck=dict(directions='unified'))
