# Unified and spatial scans.
_base_ = '../glsmamba_small_synthetic.py'

model = dict(neck=dict(directions='unified+spatial'))
