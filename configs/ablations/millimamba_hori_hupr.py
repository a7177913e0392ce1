# Table 7 of the paper (radars), row of the horizontal radar alone. The numbers of that table are TransHuPR's.
_base_ = '../millimamba_hupr.py'

views = ('hori',)
