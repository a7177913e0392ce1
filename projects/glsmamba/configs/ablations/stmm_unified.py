# The other reading of STMM: the spatial and the temporal stream guide the sampling of the unified one.
_base_ = 'full.py'

model = dict(neck=dict(merge='stmm_unified'))
