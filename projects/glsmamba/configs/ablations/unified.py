# The unified scan alone.
_base_ = 'full.py'

model = dict(neck=dict(directions='unified'))
