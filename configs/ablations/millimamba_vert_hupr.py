# Table 7 of the paper (radars), row of the vertical radar alone; both radars are millimamba_hupr.py. The numbers of
# that table are TransHuPR's, where the full model has 74.5 AP.
_base_ = '../millimamba_hupr.py'

views = ('vert',)
