# Table 5 of the paper (decoder), row "many to one": a plain Transformer decoder that predicts the central frame alone,
# 4.1 AP below "many to many" (millimamba_hupr.py). The numbers of that table are TransHuPR's, where the full model has
# 74.5 AP.
_base_ = '../millimamba_hupr.py'

model = dict(head=dict(type='KeyFrameHead'))
