# The paper's row of a Transformer encoder in place of Mamba, at T = 3; beyond, its attention ran out of memory there.
_base_ = 'millimamba_t3_hupr.py'

model = dict(backbone=dict(layer=dict(_delete_=True, type='TransformerEncoderLayer')))
