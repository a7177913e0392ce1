# Unified and spatial scans.
_base_ = 'full.py'

model = dict(neck=dict(directions='unified+spatial'))
