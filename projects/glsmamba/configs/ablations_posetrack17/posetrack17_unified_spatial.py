# Unified and spatial scans.
_base_ = '../glsmamba_base_posetrack17.py'

model = dict(neck=dict(directions='unified+spatial'))
