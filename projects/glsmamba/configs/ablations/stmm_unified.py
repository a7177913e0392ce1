# The other reading of STMM: the unified stream is sampled where the spatial and the temporal one say.
_base_ = 'full.py'

model = dict(neck=dict(merge='stmm_unified'))
