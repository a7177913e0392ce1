# Table 8 of the paper (encoder), row of the Transformer at T = 3, 1.5 AP below Mamba (millimamba_t3_hupr.py). With more
# frames, its attention ran out of memory in the paper. The numbers of that table are TransHuPR's, where the full model
# (T = 9) has 74.5 AP.
_base_ = 'millimamba_t3_hupr.py'

model = dict(backbone=dict(mixer=dict(layer=dict(_delete_=True, type='TransformerEncoderLayer'))))
